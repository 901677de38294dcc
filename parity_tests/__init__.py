"""Facts about scratch, reference and reports: each test states one, and fails when it is not true."""

"""Data that public libraries bring along: the same shapes, few samples, no network; what prepares them besides.

A script whose data come from a library shows by them how its network is called: widths, layout, format of labels.

Axes: N samples, D features.
"""

import types
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray
N = 21  # samples of a table: some of every class, and not the number of its features
LARGE = 5  # samples of colour images
TABLES = {"iris": (4, 3), "digits": (64, 10), "breast_cancer": (30, 2), "wine": (13, 3), "diabetes": (10, 0),
          "boston": (13, 0), "linnerud": (3, 0)}  # fmt: skip
IMAGES = {"mnist": (28, 28), "fashion_mnist": (28, 28), "cifar10": (32, 32, 3)}


class Table(np.ndarray):
    """Rows as a data frame or a sparse matrix gives them: with values, and row by row."""

    @property
    def values(self) -> Array:
        """The numbers."""
        return np.asarray(self)

    def to_numpy(self, *_: Any, **__: Any) -> Array:
        """The numbers."""
        return np.asarray(self)

    toarray = todense = to_numpy

    def iterrows(self) -> Any:
        """Numbered rows."""
        return enumerate(np.asarray(self))


for _name in ("max", "min", "sum", "mean"):  # plain numbers, not tables of none
    setattr(Table, _name, lambda self, *args, _name=_name, **more: getattr(np.asarray(self), _name)(*args, **more))


class Bunch(dict[str, Any]):
    """A dict whose keys are attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def _labels(n: int, classes: int) -> Array:
    """Class indices in which every class stands, the last one too."""
    found = np.arange(n) % classes
    found[-1] = classes - 1
    return np.random.default_rng(n).permutation(found)


def table(d: int, classes: int, n: int = N) -> tuple[Array, Array]:
    """Features and class indices; numbers for targets where there are no classes."""
    rng = np.random.default_rng([d, n])
    x = rng.standard_normal((n, d)) + 0.5
    return x, _labels(n, classes) if classes else rng.standard_normal(n)


def images(shape: tuple[int, ...], n: int) -> tuple[Array, Array]:
    """Pictures of small whole numbers, most of them black, and class indices."""
    rng = np.random.default_rng([*shape, n])
    x = rng.integers(1, 41, (n, *shape)) * (rng.random((n, *shape)) < 0.2)
    return x.astype(np.uint8), _labels(n, 10).astype(np.uint8)


def _known(*arrays: Any) -> None:
    """Raises TypeError where something stands for data that are not there."""
    if any(isinstance(one, types.ModuleType) for one in arrays):
        raise TypeError("a module that is not installed gives no numbers")


def _loader(d: int, classes: int) -> Callable[..., Any]:
    def load(*_: Any, return_X_y: bool = False, **__: Any) -> Any:  # noqa: N803  # scikit-learn's name
        x, y = table(d, classes)
        names = np.array([f"class{k}" for k in range(classes)])
        features = [f"feature{k}" for k in range(d)]
        return (x, y) if return_X_y else Bunch(data=x, target=y, target_names=names, feature_names=features, DESCR="")

    return load


def _fetch(name: str = "mnist_784", *_: Any, return_X_y: bool = False, **__: Any) -> Any:  # noqa: N803
    """OpenML's tables: digits of 784 pixels whose labels are texts."""
    x, y = images((28, 28), N)
    rows, labels = x.reshape(N, -1).astype(float).view(Table), y.astype(int).astype(str).astype(object)
    return (rows, labels) if return_X_y else Bunch(data=rows, target=labels)


def _made(d: int, classes: int) -> Callable[..., tuple[Array, Array]]:
    def make(n_samples: Any = N, *_: Any, n_features: int = d, n_classes: int = classes, centers: Any = 3,
             **__: Any) -> tuple[Array, Array]:  # fmt: skip
        n = min(int(np.sum(n_samples)), N)
        blobs = classes == 3 and isinstance(centers, int)
        return table(n_features, centers if blobs else n_classes, n)

    return make


def _split(*arrays: Any, test_size: Any = 0.25, train_size: Any = None, **_: Any) -> list[Any]:
    """Every array in two parts, the samples in a new order."""
    _known(*arrays)
    n = len(arrays[0])
    size = test_size if train_size is None else (1 - train_size if train_size < 1 else n - train_size)
    tests = min(max(1, int(np.ceil(size * n)) if size < 1 else int(size)), n // 2)
    order = np.random.default_rng(n).permutation(n)
    whole = [np.asarray(one) for one in arrays]
    return [one[part] for one in whole for part in (order[tests:], order[:tests])]


class _Scaler:
    """A preparation that is fitted to data and then applied: (x - shift) / scale by column."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.shift, self.scale = 0.0, 1.0

    def fit(self, x: Any, *_: Any) -> Any:
        """Takes mean and deviation."""
        _known(x)
        self.shift, self.scale = np.mean(x, axis=0), np.std(x, axis=0)
        return self

    def transform(self, x: Any, *_: Any) -> Any:
        """The scaled numbers; columns that do not vary stay."""
        _known(x)
        return (np.asarray(x) - self.shift) / np.where(np.asarray(self.scale) == 0, 1.0, self.scale)

    def fit_transform(self, x: Any, *_: Any) -> Any:
        """Both."""
        return self.fit(x).transform(x)

    def inverse_transform(self, x: Any) -> Any:
        """The numbers before."""
        return np.asarray(x) * self.scale + self.shift


class _Range(_Scaler):
    def fit(self, x: Any, *_: Any) -> Any:
        """Takes the smallest number and the range."""
        _known(x)
        self.shift, self.scale = np.min(x, axis=0), np.max(x, axis=0) - np.min(x, axis=0)
        return self


class _Labels(_Scaler):
    """Class indices of labels."""

    def fit(self, x: Any, *_: Any) -> Any:
        """Takes the labels that there are."""
        _known(x)
        self.classes_ = np.unique(x)
        return self

    def transform(self, x: Any, *_: Any) -> Any:
        """The index of each label."""
        _known(x)
        return np.searchsorted(self.classes_, np.asarray(x).ravel())


class _OneHot(_Labels):
    """Rows with a 1 at the label."""

    def transform(self, x: Any, *_: Any) -> Any:
        """The rows."""
        return np.eye(len(self.classes_))[super().transform(x)].view(Table)


class _Binary(_OneHot):
    """The same, a column where there are two labels."""

    def transform(self, x: Any, *_: Any) -> Any:
        """The rows."""
        rows = super().transform(x)
        return rows[:, 1:] if len(self.classes_) == 2 else rows


def _categorical(y: Any, num_classes: int | None = None, *_: Any, **__: Any) -> Array:
    _known(y)
    y = np.asarray(y).astype(int).ravel()
    return np.eye(num_classes or int(y.max()) + 1)[y]


def _dummies(y: Any, *_: Any, **__: Any) -> Array:
    """Pandas' columns of 0 and 1, one for each value."""
    return np.asarray(_OneHot().fit_transform(y)).view(Table)


def _one_hot(y: Any, depth: int, *_: Any, **__: Any) -> Array:
    return _categorical(y, depth)


def modules(stub: Callable[[str], Any]) -> dict[str, Callable[[], Any]]:
    """The modules by name, made when they are imported; whatever else they hold is a stub."""

    def filled(name: str, **values: Any) -> Any:
        made = stub(name)
        for key, value in values.items():
            setattr(made, key, value)
        return made

    def loaded(name: str) -> Any:
        shape = IMAGES[name]
        few = N if np.prod(shape) < 1000 else LARGE
        column = (lambda pair: (pair[0], pair[1].reshape(-1, 1))) if len(shape) == 3 else (lambda pair: pair)
        return filled(name, load_data=lambda *_, **__: (column(images(shape, few)), column(images(shape, few - 1))))

    def sklearn_datasets() -> Any:
        loaders = {f"load_{name}": _loader(*widths) for name, widths in TABLES.items()}
        made = {"make_moons": _made(2, 2), "make_circles": _made(2, 2), "make_blobs": _made(2, 3),
                "make_classification": _made(20, 2), "make_gaussian_quantiles": _made(2, 3),
                "make_regression": _made(100, 0)}  # fmt: skip
        return filled("sklearn.datasets", **loaders, **made, fetch_openml=_fetch,
                      fetch_california_housing=_loader(8, 0))  # fmt: skip

    def preprocessing() -> Any:
        return filled("sklearn.preprocessing", StandardScaler=_Scaler, MinMaxScaler=_Range, LabelEncoder=_Labels,
                      OneHotEncoder=_OneHot, LabelBinarizer=_Binary)  # fmt: skip

    def selection() -> Any:
        return filled("sklearn.model_selection", train_test_split=_split)

    def sklearn() -> Any:
        return filled("sklearn", datasets=sklearn_datasets(), preprocessing=preprocessing(),
                      model_selection=selection())  # fmt: skip

    def keras_datasets() -> Any:
        return filled("datasets", **{name: loaded(name) for name in IMAGES})

    def utils() -> Any:
        return filled("utils", to_categorical=_categorical, np_utils=filled("np_utils", to_categorical=_categorical))

    def keras() -> Any:
        return filled("keras", datasets=keras_datasets(), utils=utils())

    def images_alone() -> Any:
        train, test = images((28, 28), N), images((28, 28), N - 1)
        return filled("mnist", train_images=lambda: train[0], train_labels=lambda: train[1],
                      test_images=lambda: test[0], test_labels=lambda: test[1])  # fmt: skip

    made: dict[str, Callable[[], Any]] = {
        "sklearn": sklearn, "sklearn.datasets": sklearn_datasets, "sklearn.preprocessing": preprocessing,
        "sklearn.model_selection": selection, "sklearn.cross_validation": selection, "mnist": images_alone,
        "pandas": lambda: filled("pandas", get_dummies=_dummies),
        "tensorflow": lambda: filled("tensorflow", keras=keras(), one_hot=_one_hot),
    }  # fmt: skip
    for root in ("keras", "tensorflow.keras", "tensorflow.python.keras"):
        made |= {root: keras, f"{root}.datasets": keras_datasets, f"{root}.utils": utils,
                 f"{root}.utils.np_utils": utils}  # fmt: skip
        made |= {f"{root}.datasets.{name}": partial(loaded, name) for name in IMAGES}
    return made

"""Everything that a suite may name, one line each."""

from bench.registry import Entry, Registry


def _torchvision(cls: str, files: str, description: str, license: str | None = None, **params: object) -> Entry:
    return Entry("bench.data.torchvision_sets:TorchvisionSet", description, {"cls": cls, "files": files, **params}, license)


_SPLITS = {"train": ({"split": "train"},), "test": ({"split": "test"},)}
_WITH_VAL = {"train": ({"split": "train"}, {"split": "val"}), "test": ({"split": "test"},), "labels": "_labels"}
_ONE_PART = {"train": ({},), "test": ()}

DATASETS = Registry("datasets", [
    ("digits", Entry("bench.data.digits:Digits", "1,797 handwritten digits of scikit-learn; embedded", license="CC BY 4.0")),
    ("glyphs", Entry("bench.data.glyphs:Glyphs", "printed characters rendered from matplotlib's fonts; embedded",
                     license="fonts: Bitstream Vera, STIX and BaKoMa licences")),
    ("image_folder", Entry("bench.data.image_folder:ImageFolder", "the user's own class folders or CSV manifest")),
    ("cifar10", _torchvision("CIFAR10", "cifar-10-batches-py", "60,000 photographs of 10 classes, 32 px")),
    ("cifar100", _torchvision("CIFAR100", "cifar-100-python", "60,000 photographs of 100 classes, 32 px")),
    ("fashion_mnist", _torchvision("FashionMNIST", "FashionMNIST", "70,000 pieces of clothing, 28 px, grey", "MIT")),
    ("mnist", _torchvision("MNIST", "MNIST", "70,000 handwritten digits, 28 px, grey", "CC BY-SA 3.0")),
    ("usps", _torchvision("USPS", "usps*.bz2", "9,298 handwritten digits of envelopes, 16 px, grey")),
    ("semeion", _torchvision("SEMEION", "semeion.data", "1,593 handwritten digits, 16 px, black and white",
                             "CC BY 4.0", **_ONE_PART, labels="labels")),
    ("svhn", _torchvision("SVHN", "*_32x32.mat", "99,289 house numbers, 32 px", "non-commercial use", **_SPLITS,
                          labels="labels")),
    ("stl10", _torchvision("STL10", "stl10_binary", "13,000 labelled photographs of 10 classes, 96 px", **_SPLITS,
                           labels="labels")),
    ("flowers102", _torchvision("Flowers102", "flowers-102", "8,189 flowers of 102 kinds", **_WITH_VAL)),
    ("pets", _torchvision("OxfordIIITPet", "oxford-iiit-pet", "7,349 cats and dogs of 37 breeds", "CC BY-SA 4.0",
                          train=({"split": "trainval"},), test=({"split": "test"},), labels="_labels")),
    ("dtd", _torchvision("DTD", "dtd", "5,640 textures of 47 kinds", **_WITH_VAL)),
    ("eurosat", _torchvision("EuroSAT", "eurosat", "27,000 satellite images of 10 kinds, 64 px", "MIT", **_ONE_PART)),
    ("food101", _torchvision("Food101", "food-101", "101,000 dishes of 101 kinds", **_SPLITS, labels="_labels")),
])

BACKBONE_SOURCES = Registry("backbone sources", [
    ("timm", Entry("bench.backbones.timm:TimmSource", "any timm name, with or without its tag")),
    ("torchvision", Entry("bench.backbones.torchvision:TorchvisionSource", "torchvision:<name>[@<weights enum>]")),
])

KNOWN_BACKBONES = frozenset({
    "test_resnet", "test_vit", "mobilenetv2_100", "resnet18", "resnet50", "vgg11", "densenet121", "inception_v3",
    "efficientnet_b0", "convnext_tiny", "vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224",
})
"""Names that are taken without asking timm, which takes seconds to import."""

PRETRAINING = Registry("pretraining", [
    ("supervised", Entry("bench.pretraining.supervised:Supervised", "classify the source data set")),
])

METHODS = Registry("methods", [
    ("scratch", Entry("bench.methods.scratch:Scratch", "random weights, everything learns: the baseline")),
    ("linear_probe", Entry("bench.methods.linear_probe:LinearProbe", "logistic regression on frozen features")),
    ("mlp_probe", Entry("bench.methods.mlp_probe:MlpProbe", "a small network on frozen features")),
    ("partial_finetune", Entry("bench.methods.partial_finetune:PartialFinetune", "the last stages learn")),
    ("finetune", Entry("bench.methods.finetune:Finetune", "everything learns, from the initial weights")),
])

PROBES = Registry("probes", [
    ("accuracy", Entry("bench.probes.accuracy:probe", "top-1, top-5, per class, validation and oracle accuracy")),
    ("throughput", Entry("bench.probes.throughput:probe", "images/s and step times of the real loop, warm-up apart")),
    ("time", Entry("bench.probes.time:probe", "wall and CPU seconds of each phase")),
    ("memory", Entry("bench.probes.memory:probe", "exact peaks of resident and CUDA memory")),
    ("size", Entry("bench.probes.size:probe", "trainable and total parameters, checkpoint bytes")),
    ("audit", Entry("bench.probes.audit:probe", "what had to hold: frozen means frozen, splits disjoint, one look at the test")),
])

EXECUTORS = Registry("executors", [
    ("process", Entry("bench.executors.process:ProcessExecutor", "a process per cell, forked from a preloaded server")),
    ("inline", Entry("bench.executors.inline:InlineExecutor", "this process: the reference, and for debugging")),
])

REPORTS = Registry("reports", [
    ("console", Entry("bench.reports.console:render", "tables for a terminal")),
    ("md", Entry("bench.reports.markdown:render", "Markdown with pictures")),
    ("csv", Entry("bench.reports.csv:render", "one line per row of the summary")),
])

"""Everything that a suite may name, one line each."""

from typing import Any

from bench.registry import Entry, Registry


def _data(target: str, description: str, licence: str | None = None) -> Entry:
    return Entry(f"bench.data.{target}", description, license=licence)


def _torchvision(cls: str, files: str, description: str, licence: str | None = None, **params: Any) -> Entry:
    target = "bench.data.torchvision_sets:TorchvisionSet"
    return Entry(target, description, {"cls": cls, "files": files, **params}, licence)


_SPLIT: dict[str, Any] = {"train": ({"split": "train"},), "test": ({"split": "test"},), "labels": "labels"}
_FILES: dict[str, Any] = {**_SPLIT, "labels": "_labels"}
_TRAINVAL: dict[str, Any] = {**_FILES, "train": ({"split": "trainval"},)}
_WITH_VAL: dict[str, Any] = {**_FILES, "train": ({"split": "train"}, {"split": "val"})}
_WHOLE: dict[str, Any] = {"train": ({},), "test": ()}

DATASETS = Registry(
    "datasets",
    [
        ("digits", _data("digits:Digits", "1,797 handwritten digits of scikit-learn, embedded", "CC BY 4.0")),
        ("glyphs", _data("glyphs:Glyphs", "characters rendered from matplotlib's fonts, embedded", "of the fonts")),
        ("image_folder", _data("image_folder:ImageFolder", "the user's own class folders or CSV manifest")),
        ("cifar10", _torchvision("CIFAR10", "cifar-10-batches-py", "60,000 photographs of 10 kinds, 32 px")),
        ("cifar100", _torchvision("CIFAR100", "cifar-100-python", "60,000 photographs of 100 kinds, 32 px")),
        ("fashion_mnist", _torchvision("FashionMNIST", "FashionMNIST", "70,000 clothes, 28 px, grey", "MIT")),
        ("mnist", _torchvision("MNIST", "MNIST", "70,000 handwritten digits, 28 px, grey", "CC BY-SA 3.0")),
        ("usps", _torchvision("USPS", "usps*.bz2", "9,298 handwritten digits, 16 px, grey")),
        ("semeion", _torchvision("SEMEION", "semeion.data", "1,593 digits, 16 px", **_WHOLE, labels="labels")),
        ("svhn", _torchvision("SVHN", "*_32x32.mat", "99,289 house numbers, 32 px", "non-commercial", **_SPLIT)),
        ("stl10", _torchvision("STL10", "stl10_binary", "13,000 labelled photographs, 96 px", **_SPLIT)),
        ("flowers102", _torchvision("Flowers102", "flowers-102", "8,189 flowers of 102 kinds", **_WITH_VAL)),
        ("pets", _torchvision("OxfordIIITPet", "oxford-iiit-pet", "7,349 pets", "CC BY-SA 4.0", **_TRAINVAL)),
        ("dtd", _torchvision("DTD", "dtd", "5,640 textures of 47 kinds", **_WITH_VAL)),
        ("eurosat", _torchvision("EuroSAT", "eurosat", "27,000 satellite images, 64 px", "MIT", **_WHOLE)),
        ("food101", _torchvision("Food101", "food-101", "101,000 dishes of 101 kinds", **_FILES)),
    ],
)

BACKBONE_SOURCES = Registry(
    "backbone sources",
    [
        ("timm", Entry("bench.backbones.timm:TimmSource", "any timm name, with or without its tag")),
        ("torchvision", Entry("bench.backbones.torchvision:TorchvisionSource", "torchvision:<name>[@<weights>]")),
        ("sequence", Entry("bench.backbones.sequence:SequenceSource", "sequence:<rnn|lstm|gru>[-<width>x<layers>]")),
    ],
)

KNOWN_BACKBONES = frozenset(
    (
        *("test_resnet", "test_vit", "mobilenetv2_100", "resnet18", "resnet50", "vgg11", "densenet121"),
        *("inception_v3", "efficientnet_b0", "convnext_tiny", "vit_small_patch16_224", "vit_base_patch16_224"),
    )
)
"""Names that are taken without asking timm, which takes seconds to import."""

PRETRAINING = Registry(
    "pretraining",
    [
        ("supervised", Entry("bench.pretraining.supervised:Supervised", "classify the source data set")),
        ("denoising", Entry("bench.pretraining.denoising:Denoising", "draw the image from a corrupted one")),
        ("masked", Entry("bench.pretraining.masked:Masked", "draw the patches that were hidden")),
        ("context", Entry("bench.pretraining.context:Context", "say where one patch lies from another")),
        ("simclr", Entry("bench.pretraining.simclr:SimClr", "tell views of one image from those of others")),
    ],
)

METHODS = Registry(
    "methods",
    [
        ("scratch", Entry("bench.methods.scratch:Scratch", "random weights, everything learns: the baseline")),
        ("linear_probe", Entry("bench.methods.linear_probe:LinearProbe", "logistic regression on frozen features")),
        ("ridge_probe", Entry("bench.methods.ridge_probe:RidgeProbe", "least squares on frozen features, closed form")),
        ("mlp_probe", Entry("bench.methods.mlp_probe:MlpProbe", "a small network on frozen features")),
        ("knn", Entry("bench.methods.knn:Knn", "weighted nearest neighbours on frozen features")),
        ("prototype", Entry("bench.methods.prototype:Prototype", "the nearest class mean on frozen features")),
        ("partial_finetune", Entry("bench.methods.partial_finetune:PartialFinetune", "the last stages learn")),
        ("finetune", Entry("bench.methods.finetune:Finetune", "everything learns, from the initial weights")),
        ("lp_ft", Entry("bench.methods.lp_ft:LpFt", "linear probe, then everything learns")),
        ("wise_ft", Entry("bench.methods.wise_ft:WiseFt", "weights between the linear probe's and the fine-tuned")),
        ("gradual_unfreezing", Entry("bench.methods.gradual_unfreezing:GradualUnfreezing", "one stage after another")),
        ("layerwise_lr_decay", Entry("bench.methods.layerwise_lr_decay:LayerwiseLrDecay", "early stages learn slower")),
        ("bitfit", Entry("bench.methods.bitfit:Bitfit", "only biases learn")),
        ("norm_tuning", Entry("bench.methods.norm_tuning:NormTuning", "only normalisation layers learn")),
        ("l2_sp", Entry("bench.methods.l2_sp:L2Sp", "fine-tuning, weights held near the initial ones")),
        ("delta", Entry("bench.methods.delta:Delta", "fine-tuning, feature maps held near the initial ones")),
        ("bss", Entry("bench.methods.bss:Bss", "fine-tuning, the weakest directions of the features shrunk")),
        ("co_tuning", Entry("bench.methods.co_tuning:CoTuning", "fine-tuning, the source's classifier learns too")),
        ("fixmatch", Entry("bench.methods.fixmatch:Fixmatch", "semi-supervised, on images outside the budget")),
        ("lora", Entry("bench.methods.lora:Lora", "low-rank updates of the weights", extra="peft")),
        ("dora", Entry("bench.methods.dora:Dora", "low-rank updates of directions, and magnitudes", extra="peft")),
        ("ia3", Entry("bench.methods.ia3:Ia3", "factors for inner activations", extra="peft")),
        ("adapter", Entry("bench.methods.adapter:Adapter", "small networks between the frozen parts")),
        ("visual_prompt", Entry("bench.methods.visual_prompt:VisualPrompt", "learnt tokens in the blocks of a ViT")),
        ("source_only", Entry("bench.methods.source_only:SourceOnly", "from a source: its labels, and no adaptation")),
        (
            "subspace_alignment",
            Entry("bench.methods.subspace_alignment:SubspaceAlignment", "from a source: principal directions meet"),
        ),
        ("coral", Entry("bench.methods.coral:Coral", "from a source: equal covariances")),
        ("mmd", Entry("bench.methods.mmd:Mmd", "from a source: equal means in the space of kernels")),
        ("dann", Entry("bench.methods.dann:Dann", "from a source: a critic can't tell the features apart")),
        ("cdan", Entry("bench.methods.cdan:Cdan", "from a source: nor features and predictions together")),
        ("mcc", Entry("bench.methods.mcc:Mcc", "from a source: predictions that confuse no classes")),
        ("bn_adapt", Entry("bench.methods.bn_adapt:BnAdapt", "at test time: statistics of the test batch")),
        ("tent", Entry("bench.methods.tent:Tent", "at test time: normalisation learns certain predictions")),
        ("memo", Entry("bench.methods.memo:Memo", "at test time: tuned for each single image")),
    ],
)

SELECTIONS = Registry(
    "selections",
    [
        ("stratified", Entry("bench.data.selection:stratified", "the same share of every class, at random, nested")),
        ("random", Entry("bench.data.selection:at_random", "any images, nested: a class may get none")),
        ("kcenter", Entry("bench.data.selection:k_center", "the core-set: each next image is the farthest from all")),
        ("herding", Entry("bench.data.selection:herding", "images whose mean follows the mean of all")),
        ("typiclust", Entry("bench.data.selection:typiclust", "the most typical image of each of many clusters")),
    ],
)

PROBES = Registry(
    "probes",
    [
        ("accuracy", Entry("bench.probes.accuracy:probe", "top-1, top-5, per class, validation, oracle")),
        ("throughput", Entry("bench.probes.throughput:probe", "images/s and step times of the real loop")),
        ("time", Entry("bench.probes.time:probe", "wall and CPU seconds of each phase")),
        ("memory", Entry("bench.probes.memory:probe", "exact peaks of resident and CUDA memory")),
        ("size", Entry("bench.probes.size:probe", "trainable and total parameters, checkpoint bytes")),
        ("worth", Entry("bench.probes.worth:probe", "accuracy per second")),
        ("gpu", Entry("bench.probes.gpu:probe", "clocks, power, throttling and other processes, where NVML tells")),
        ("transferability", Entry("bench.probes.transferability:probe", "scores of the features, before any training")),
        ("profile", Entry("bench.probes.profile:probe", "what `bench/profiles` measured once for cells alike")),
        ("audit", Entry("bench.probes.audit:probe", "frozen is frozen, splits are disjoint, one look at the test")),
    ],
)

SCORES = Registry(
    "scores",
    [
        ("logme", Entry("bench.transferability:log_me", "log of the maximum evidence of a linear model")),
        ("h_score", Entry("bench.transferability:h_score", "spread between classes over the whole spread")),
        ("leep", Entry("bench.transferability:leep", "fit of the source classifier's probabilities; 0 is best")),
        ("nce", Entry("bench.transferability:nce", "entropy of the labels given the source's class; 0 is best")),
        ("knn", Entry("bench.transferability:knn", "share of images whose nearest others are of their class")),
    ],
)

PROFILES = Registry(
    "profiles",
    [
        ("anatomy", Entry("bench.profiles.anatomy:profile", "the parts of a step, and its memory by kind")),
        ("loader", Entry("bench.profiles.loader:profile", "whether a step waits for its data")),
        ("work", Entry("bench.profiles.work:profile", "FLOP, the machine's peak, and the share of it that is used")),
        ("latency", Entry("bench.profiles.latency:profile", "a forward pass of one image and of 64")),
    ],
)

EXECUTORS = Registry(
    "executors",
    [
        ("process", Entry("bench.executors.process:ProcessExecutor", "a process per cell, from a preloaded server")),
        ("inline", Entry("bench.executors.inline:InlineExecutor", "this process: the reference, and for debugging")),
    ],
)

REPORTS = Registry(
    "reports",
    [
        ("console", Entry("bench.reports.console:render", "tables for a terminal", suffix="txt")),
        ("md", Entry("bench.reports.markdown:render", "Markdown with a picture")),
        ("csv", Entry("bench.reports.csv:render", "one line per row of the summary")),
        ("json", Entry("bench.reports.json:render", "rows, verdicts, notes, audit: all of the summary, versioned")),
        ("latex", Entry("bench.reports.latex:render", "tables for a paper, with booktabs", suffix="tex")),
        ("parquet", Entry("bench.reports.parquet:render", "one line per row, typed columns; a binary file")),
        ("html", Entry("bench.reports.html:render", "one page for a browser, self-contained")),
    ],
)

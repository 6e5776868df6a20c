"""Everything that goes by a name, one line each: what suites write, what reports show, what a run measures."""

from collections.abc import Callable, Iterable
from typing import Any

from bench.contracts.kinds import KINDS
from bench.registry import Entry, Registry

# Targets are text and are imported when they are asked for: `bench ls` imports none, and a report no torch. Tables of
# reports list methods in the order in which they stand here.


def _registry(kind: str, entries: Iterable[tuple[str, Entry]]) -> Registry:
    return Registry(kind, entries, KINDS[kind].fault)


def _inside(package: str) -> Callable[..., Entry]:
    """Return a function that makes entries whose targets lie in a package of this project."""

    def entry(target: str, description: str, **more: Any) -> Entry:
        return Entry(f"bench.{package}.{target}", description, **more)

    return entry


_data, _source, _pretraining, _method = map(_inside, ("data", "backbones", "pretraining", "methods"))
_probe, _profile, _score = map(_inside, ("probes", "cell.profiles", "learning"))
_executor, _answer, _section = map(_inside, ("running.executors", "answers", "reports.sections"))
_report, _workload = map(_inside, ("reports.formats", "gate.workloads"))


def _torchvision(cls: str, files: str, description: str, licence: str | None = None, **params: Any) -> Entry:
    params = {"cls": cls, "files": files, **params}
    return _data("torchvision_sets:TorchvisionSet", description, params=params, license=licence)


# arguments with which a class of torchvision is made for each part, and its attribute that holds the labels
_SPLIT: dict[str, Any] = {"train": ({"split": "train"},), "test": ({"split": "test"},), "labels": "labels"}
_FILES: dict[str, Any] = {**_SPLIT, "labels": "_labels"}
_TRAINVAL: dict[str, Any] = {**_FILES, "train": ({"split": "trainval"},)}
_WITH_VAL: dict[str, Any] = {**_FILES, "train": ({"split": "train"}, {"split": "val"})}
_WHOLE: dict[str, Any] = {"train": ({},), "test": ()}

DATASETS = _registry(
    "datasets",
    [
        ("digits", _data("digits:Digits", "1,797 handwritten digits of scikit-learn, embedded", license="CC BY 4.0")),
        (
            "glyphs",
            _data("glyphs:Glyphs", "characters rendered from matplotlib's fonts, embedded", license="of the fonts"),
        ),
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

BACKBONE_SOURCES = _registry(
    "backbone sources",
    [
        ("timm", _source("timm:TimmSource", "any timm name, with or without its tag")),
        ("torchvision", _source("torchvision:TorchvisionSource", "torchvision:<name>[@<weights>]")),
        ("sequence", _source("sequence:SequenceSource", "sequence:<rnn|lstm|gru>[-<width>x<layers>]")),
    ],
)

KNOWN_BACKBONES = frozenset(
    (
        *("test_resnet", "test_vit", "mobilenetv2_100", "resnet18", "resnet50", "vgg11", "densenet121"),
        *("inception_v3", "efficientnet_b0", "convnext_tiny", "vit_small_patch16_224", "vit_base_patch16_224"),
    )
)
"""Names that are taken without asking timm, which takes seconds to import."""

PRETRAINING = _registry(
    "pretraining",
    [
        ("supervised", _pretraining("supervised:Supervised", "classify the source data set")),
        ("denoising", _pretraining("denoising:Denoising", "draw the image from a corrupted one")),
        ("masked", _pretraining("masked:Masked", "draw the patches that were hidden")),
        ("context", _pretraining("context:Context", "say where one patch lies from another")),
        ("simclr", _pretraining("simclr:SimClr", "tell views of one image from those of others")),
    ],
)

METHODS = _registry(
    "methods",
    [
        ("scratch", _method("finetuning.scratch:Scratch", "random weights, everything learns: the baseline")),
        ("linear_probe", _method("frozen.linear_probe:LinearProbe", "logistic regression on frozen features")),
        ("ridge_probe", _method("frozen.ridge_probe:RidgeProbe", "least squares on frozen features, closed form")),
        ("mlp_probe", _method("frozen.mlp_probe:MlpProbe", "a small network on frozen features")),
        ("knn", _method("frozen.knn:Knn", "weighted nearest neighbours on frozen features")),
        ("prototype", _method("frozen.prototype:Prototype", "the nearest class mean on frozen features")),
        ("partial_finetune", _method("finetuning.partial_finetune:PartialFinetune", "the last stages learn")),
        ("finetune", _method("finetuning.finetune:Finetune", "everything learns, from the initial weights")),
        ("lp_ft", _method("finetuning.lp_ft:LpFt", "linear probe, then everything learns")),
        ("wise_ft", _method("finetuning.wise_ft:WiseFt", "weights between the linear probe's and the fine-tuned")),
        ("gradual_unfreezing", _method("finetuning.gradual_unfreezing:GradualUnfreezing", "one stage after another")),
        ("layerwise_lr_decay", _method("finetuning.layerwise_lr_decay:LayerwiseLrDecay", "early stages learn slower")),
        ("bitfit", _method("finetuning.bitfit:Bitfit", "only biases learn")),
        ("norm_tuning", _method("finetuning.norm_tuning:NormTuning", "only normalisation layers learn")),
        ("l2_sp", _method("finetuning.l2_sp:L2Sp", "fine-tuning, weights held near the initial ones")),
        ("delta", _method("finetuning.delta:Delta", "fine-tuning, feature maps held near the initial ones")),
        ("bss", _method("finetuning.bss:Bss", "fine-tuning, the weakest directions of the features shrunk")),
        ("co_tuning", _method("finetuning.co_tuning:CoTuning", "fine-tuning, the source's classifier learns too")),
        ("fixmatch", _method("unlabelled.fixmatch:Fixmatch", "semi-supervised, on images outside the budget")),
        ("lora", _method("adapters.lora:Lora", "low-rank updates of the weights", extra="peft")),
        ("dora", _method("adapters.dora:Dora", "low-rank updates of directions, and magnitudes", extra="peft")),
        ("ia3", _method("adapters.ia3:Ia3", "factors for inner activations", extra="peft")),
        ("adapter", _method("adapters.adapter:Adapter", "small networks between the frozen parts")),
        ("visual_prompt", _method("adapters.visual_prompt:VisualPrompt", "learnt tokens in the blocks of a ViT")),
        ("source_only", _method("domains.source_only:SourceOnly", "from a source: its labels, and no adaptation")),
        (
            "subspace_alignment",
            _method("domains.subspace_alignment:SubspaceAlignment", "from a source: principal directions meet"),
        ),
        ("coral", _method("domains.coral:Coral", "from a source: equal covariances")),
        ("mmd", _method("domains.mmd:Mmd", "from a source: equal means in the space of kernels")),
        ("dann", _method("domains.dann:Dann", "from a source: a critic can't tell the features apart")),
        ("cdan", _method("domains.cdan:Cdan", "from a source: nor features and predictions together")),
        ("mcc", _method("domains.mcc:Mcc", "from a source: predictions that confuse no classes")),
        ("bn_adapt", _method("test_time.bn_adapt:BnAdapt", "at test time: statistics of the test batch")),
        ("tent", _method("test_time.tent:Tent", "at test time: normalisation learns certain predictions")),
        ("memo", _method("test_time.memo:Memo", "at test time: tuned for each single image")),
    ],
)

SELECTIONS = _registry(
    "selections",
    [
        ("stratified", _data("selection:stratified", "the same share of every class, at random, nested")),
        ("random", _data("selection:at_random", "any images, nested: a class may get none")),
        ("kcenter", _data("selection:k_center", "the core-set: each next image is the farthest from all")),
        ("herding", _data("selection:herding", "images whose mean follows the mean of all")),
        ("typiclust", _data("selection:typiclust", "the most typical image of each of many clusters")),
    ],
)

PROBES = _registry(
    "probes",
    [
        ("accuracy", _probe("accuracy:probe", "top-1, top-5, per class, validation, oracle")),
        ("throughput", _probe("throughput:probe", "images/s and step times of the real loop")),
        ("time", _probe("time:probe", "wall and CPU seconds of each phase")),
        ("memory", _probe("memory:probe", "exact peaks of resident and CUDA memory")),
        ("size", _probe("size:probe", "trainable and total parameters, checkpoint bytes")),
        ("worth", _probe("worth:probe", "accuracy per second")),
        ("gpu", _probe("gpu:probe", "clocks, power, throttling and other processes, where NVML tells")),
        ("transferability", _probe("transferability:probe", "scores of the features, before any training")),
        ("profile", _probe("profile:probe", "what `bench/cell/profiles` measured once for cells alike")),
        ("calibration", _probe("calibration:probe", "is it as sure as it is right: ECE, log-likelihood")),
        ("classes", _probe("classes:probe", "macro-F1, and the class that fares worst")),
        ("forgetting", _probe("forgetting:probe", "what is left of the source task after the transfer")),
        ("overlap", _probe("overlap:probe", "test images and classes that were seen before")),
        (
            "corruptions",
            _probe(
                "corruptions:probe",
                "accuracy under noise, blur, low contrast, JPEG; where a suite asks for it",
                optional=True,
            ),
        ),
        ("audit", _probe("audit:probe", "frozen is frozen, splits are disjoint, one look at the test")),
    ],
)

SCORES = _registry(
    "scores",
    [
        ("logme", _score("transferability:log_me", "log of the maximum evidence of a linear model")),
        ("h_score", _score("transferability:h_score", "spread between classes over the whole spread")),
        ("leep", _score("transferability:leep", "fit of the source classifier's probabilities; 0 is best")),
        ("nce", _score("transferability:nce", "entropy of the labels given the source's class; 0 is best")),
        ("knn", _score("transferability:knn", "share of images whose nearest others are of their class")),
    ],
)

PROFILES = _registry(
    "profiles",
    [
        ("anatomy", _profile("anatomy:profile", "the parts of a step, and its memory by kind")),
        ("loader", _profile("loader:profile", "whether a step waits for its data")),
        ("work", _profile("work:profile", "FLOP, the machine's peak, and the share of it that is used")),
        ("latency", _profile("latency:profile", "a forward pass of one image and of 64")),
    ],
)

EXECUTORS = _registry(
    "executors",
    [
        ("process", _executor("process:ProcessExecutor", "a process per cell, from a preloaded server")),
        ("inline", _executor("inline:InlineExecutor", "this process: the reference, and for debugging")),
    ],
)

ANSWERS = _registry(
    "answers",
    [
        ("against_best", _answer("against:against_best", "each row against the best of its label budget")),
        ("against_frozen", _answer("against:against_frozen", "full fine-tuning against the linear probe")),
        ("overtakings", _answer("crossings:overtakings", "from how many labels on fine-tuning is ahead")),
        ("crossings", _answer("crossings:crossings", "from how many labels on which setting is ahead of which")),
        ("needs", _answer("label_needs:needs", "labels that target accuracies take")),
        ("worths", _answer("label_needs:worths", "what fine-tuning is worth in labels of the linear probe")),
        ("ranking", _answer("standings:ranking", "settings over all tables and budgets that they share")),
        ("varied", _answer("noise:varied", "which seeds varied")),
        ("noise", _answer("noise:noise", "where the noise of each row comes from")),
        ("ranks", _answer("scores:ranks", "how well transferability scores ranked the starts")),
        ("audit", _answer("audit:audit", "checks of the protocol, counted over the cells")),
        ("audit_failures", _answer("audit:audit_failures", "each check that a cell failed")),
        ("notes", _answer("notes:notes", "what a reader must know beside the figures")),
        ("fronts", _answer("pareto:fronts", "rows that no other row beats, by pairs of axes and over all")),
        ("best", _answer("recommend:best", "the best row for each number of labels, and its rivals")),
        ("choices", _answer("choices:choices", "among how much each row could choose, and the best and worst of it")),
    ],
)
"""What a section of a report, or a program, may ask of a summary."""

SECTIONS = _registry(
    "sections",
    [
        ("accuracy", _section("accuracy:section", "how accurate is what, with how many labels?")),
        ("frozen", _section("frozen:section", "is it better to fine-tune?")),
        ("crossovers", _section("crossovers:section", "from how many labels on is which ahead of which?")),
        ("worth", _section("worth:section", "is it better to label more, or to fine-tune?")),
        ("needs", _section("needs:section", "how many labels does a target accuracy take?")),
        ("best", _section("best:section", "what can be told from the best of a label budget?")),
        ("standings", _section("standings:section", "what does it cost to make always the same choice?")),
        ("noise", _section("noise:section", "where does the noise of an accuracy come from?")),
        ("beyond", _section("beyond:section", "what does accuracy alone not tell?")),
        ("corruption", _section("corruption:section", "what is left of the accuracy under corruption?")),
        ("cost", _section("cost:section", "what does it cost?")),
        ("pareto", _section("pareto:section", "which rows does no other row beat?")),
        ("step", _section("step:section", "what is a step made of?")),
        ("device", _section("device:section", "what did compiling take, and how was the GPU?")),
        ("tuning", _section("tuning:section", "what did tuning bring, and what did it cost?")),
        ("choices", _section("choices:section", "how many choices did each have, and what hung on them?")),
        ("scores", _section("scores:section", "what did the features promise before any training?")),
        ("score_ranks", _section("score_ranks:section", "did the scores rank the starts?")),
        ("oracle", _section("oracle:section", "what would choosing on the test set have claimed?")),
        ("cells", _section("cells:section", "which cells are there?")),
        ("unfinished", _section("unfinished:section", "which cells have no number, and why?")),
        ("audit", _section("audit:section", "did the cells keep the protocol?")),
    ],
)
"""What a report shows, from top to bottom."""

REPORTS = _registry(
    "reports",
    [
        ("console", _report("console:render", "tables for a terminal", suffix="txt")),
        ("md", _report("markdown:render", "Markdown with a picture")),
        ("csv", _report("csv:render", "one line per row of the summary")),
        ("json", _report("json:render", "rows, verdicts, notes, audit: all of the summary, versioned")),
        ("latex", _report("latex:render", "tables for a paper, with booktabs", suffix="tex")),
        ("parquet", _report("parquet:render", "one line per row, typed columns; a binary file")),
        ("html", _report("html:render", "one page for a browser, self-contained")),
    ],
)

WORKLOADS = _registry(
    "workloads",
    [
        ("finetune_step", _workload("finetune_step:prepare", "training steps in which everything learns")),
        ("frozen_step", _workload("frozen_step:prepare", "training steps behind a frozen trunk")),
        (
            "feature_extraction",
            _workload("feature_extraction:prepare", "features of a frozen network, into an empty cache"),
        ),
        ("probe_fit", _workload("probe_fit:prepare", "a linear probe solved on features that are there")),
        ("data_path", _workload("data_path:prepare", "files of images decoded, then augmented batches")),
    ],
)

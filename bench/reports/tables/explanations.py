"""How to read the tables that Markdown and the page share, in Markdown."""

ACCURACY = (
    "Test accuracy in %: mean ± half of the 95 % interval (Student t) over seeds, and their number. A label budget "
    "holds training *and* validation images; the test images were looked at once per cell, after training."
)
FROZEN_AGAINST_TUNED = (
    "The same weights, budgets and seeds. The interval is over seeds and test images, which both share; the verdict is "
    "corrected for the number of comparisons in the table (Holm)."
)
AGAINST_BEST = (
    "Each method against the highest mean of its label budget, image by image and seed by seed. *Tie*: the data can't "
    "tell them apart."
)
BEYOND = (
    "*Calibration error*: how far confidence and accuracy lie apart, over 15 bins. *Macro-F1* counts each class alike. "
    "*Forgotten*: what the transfer took from the accuracy of the initial weights' own classifier on images of its "
    "source that were held out."
)
CORRUPTION = (
    "Accuracy on corrupted test images, mean over four corruptions in five strengths; by corruption the mean and, in "
    "brackets, at the greatest strength."
)
COST = (
    "At each method's largest budget, means over seeds. Images/s is of training steps, warm-up apart, or of the "
    "extraction of frozen features from a cold cache. Peaks are exact, over training."
)
PARETO = "Rows that no other row of their data set beats: by the means, none is as good on each axis and better on one."
ANATOMY = (
    "Measured once for cells alike, in passes of their own: the parts of a training step, each waited for; memory by "
    "kind; a forward pass of the adapted network. *Bound by*: `loader` where real data make a step over a tenth longer "
    "than data that is there already. MFU is against a matrix product measured here."
)
TUNING = (
    "Every method had the same number of trials, scored on the validation part of its label budget; their time is in "
    "the accuracy per second. *Middle* and *worst* are of the settings trained in full: the distance to the best is "
    "what hangs on tuning. *Optimism*: the best of many trials looks better on the validation images that chose it "
    "than on test."
)
SCORES = "Of the frozen features on the labels of the budget, before any training; more is better."
RANKS = (
    "Kendall's tau between a score and the measured accuracy over backbones and initial weights: 1 is the same order, "
    "0 none, -1 the opposite."
)
ORACLE = "The right-hand figure is what picking the best checkpoint on the test set would have claimed."
AUDIT = "Checked in every cell that has a number."

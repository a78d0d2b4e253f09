"""What goes wrong when a training's problem is named from its curves, and shown by a number."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

NAMES = (
    Misconception(
        "problem_not_listed",
        "`{name}` is {given}, which is not on the list{hint}.",
        "One of the list's own words is looked for.",
        "Copy the word that fits from the table, with its quotes.",
    ),
    Misconception(
        "two_problems",
        "`{name}` names {count}: {given}.",
        "Several may be seen at once; the one that counts is the one that has to be mended first.",
        "Which of them would still be there if the others were gone? Name that one alone.",
    ),
    Misconception(
        "problem_no_name",
        "`{name}` is {given}.",
        "The problem is named by a word of the list, as text.",
        "Copy the word that fits from the table, with its quotes.",
    ),
    Misconception(
        "not_overfitting",
        "you name `overfits`: then the validation loss would lie well above the training loss *at inference*. Here they"
        " end at {validation} and {inference}.",
        "Only losses that are taken alike, with dropout off, say what a network has learned by heart.",
        "Compare the three curves at their end once more: which lie apart, which do not?",
    ),
    Misconception(
        "not_disagreement",
        "you name `training and inference disagree`: then the training loss as logged would lie far from the one at "
        "inference. Here they end at {logged} and {inference}.",
        "Where these two agree, the network is used as it was trained.",
        "Look at another pair of curves, and at their course.",
    ),
    Misconception(
        "not_too_slow",
        "you name `too slow`: then all losses would still be falling steadily at the end. Here the validation loss went"
        " from {before} to {validation} in the last fifth of the epochs.",
        "More of the same steps help only where the steps still lead down.",
        "Look at where the validation loss is lowest, and at how far the curves lie apart.",
    ),
    Misconception(
        "not_unstable",
        "you name `unstable`: then a loss would explode on the way, or be no number any more. Here the largest is "
        "{largest}, and the first was {first}.",
        "A loss that is high is not yet one that explodes.",
        "Look at the end of the curves instead: what do they do there, and how far do they lie apart?",
    ),
    Misconception(
        "explosion_overlooked",
        "you name `{given}`, which may be said of later epochs; but the logged training loss of epoch {epoch} is "
        "{largest}.",
        "What happens first decides what can be learned afterwards.",
        "Which word of the list stands for a training in which that happens?",
    ),
    Misconception(
        "not_stuck",
        "you name `stuck`: then the losses would stay where they were. Here the logged training loss went from {first} "
        "to {logged}.",
        "A network whose losses move is not stuck.",
        "Read the curves from left to right: what does each of them do, and where does it end?",
    ),
    Misconception(
        "not_underfitting",
        "you name `underfits`: then the training loss would have come to rest high, in whatever way it is taken. Here "
        "it ends at {logged} as logged and {inference} at inference; ten epochs earlier they were {logged_before} and "
        "{inference_before}.",
        "A network that underfits has learned what it can.",
        "Is this one at its end, and do its two training losses agree?",
    ),
    Misconception(
        "not_noisy",
        "you name `noisy`: then the validation loss would jump from epoch to epoch. Here it changes by {jump} in most "
        "epochs, at a level of {level}.",
        "Small jumps hide nothing.",
        "Look past them: where do the curves end, and how far apart?",
    ),
    Misconception(
        "not_fine",
        "you name it `fine`. The validation loss ends at {validation}, its lowest is {best}; the training loss ends at "
        "{logged} as logged and {inference} at inference.",
        "These are not the numbers of a training that went well.",
        "Go through the table's lines with them: in which line do they stand out?",
    ),
    Misconception(
        "can_be_told",
        "you say that it cannot be told.",
        "These curves have many epochs and the loss at inference: enough to tell one problem from another.",
        "Go through the table's lines: what would each of them show, and is it there?",
    ),
)

EVIDENCE = (
    Misconception(
        "evidence_no_number",
        "`{name}` is {given}.",
        "One number is asked for: how much there is of what you see, not whether.",
        "Write an expression over `curves` that gives one number.",
    ),
    Misconception(
        "evidence_turned_round",
        "`{name}` is {value}: what you compare has changed places.",
        "The number is to be large, or positive, where the problem is bad.",
        "Which of the two is taken from which, or divided by which?",
    ),
    Misconception(
        "gap_to_logged",
        "`{name}` is {value}, how far the validation loss lies from the *logged* training loss.",
        "That distance mixes two things: other rows, and another way to take the loss.",
        "Which two curves differ in one of these only?",
    ),
    Misconception(
        "evidence_of_another",
        "`{name}` is {value}, which is {what}.",
        "Such a number belongs to another line of the table; here it shows nothing that has gone wrong.",
        "Which number would be small if this training had gone well, and is large here?",
    ),
    Misconception(
        "one_loss_for_evidence",
        "`{name}` is {value}, which is one loss alone: {what}.",
        "Whether that is too much, only a second number can say.",
        "With what do you compare it to see the problem?",
    ),
    Misconception(
        "explosion_elsewhere",
        "`{name}` is {value}, {what}, and this curve does not explode.",
        "What happens within an epoch may be over when the loss is taken at its end.",
        "In which of the three curves does the explosion stand?",
    ),
    Misconception(
        "fall_of_all_epochs",
        "`{name}` is {value}, the fall over all epochs.",
        "A training that goes well falls, too; what counts is what it does later.",
        "Which epochs show whether it was done?",
    ),
    Misconception(
        "other_evidence",
        "`{name}` is {value}, which is none of the numbers that would show a problem in these curves.",
        "The table says for each problem what to compare.",
        "Take the line of the problem that you name, and write its comparison over `curves`.",
    ),
)

ENTRIES = (*NAMES, *EVIDENCE)

"""What goes wrong with the data before a training: columns, rows, targets, and how they are scaled."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

ENTRIES = (
    Misconception(
        "standardised_inputs",
        "the inputs in `{inputs}` and `{inputs_valid}` are scaled, where the exercise asks for raw ones.",
        "Scaled inputs do by hand what the first layer is there to show.",
        "Run the cells that prepare the data again and leave their values as they are.",
    ),
    Misconception(
        "not_standardised",
        "the columns of `{inputs}` are not standardised by the training part, each by its own mean and deviation.",
        "Columns on other scales are another task for the optimizer, so the curves cannot be compared.",
        "Run the cells that prepare the data again.",
    ),
    Misconception(
        "standardised_too",
        "all columns of `{inputs}` are standardised, those of zeros and ones as well.",
        "The exercise leaves those as they are: a rare kind would weigh more than a common one.",
        "Which columns does the exercise's scaler take?",
    ),
    Misconception(
        "scaler_on_all",
        "the scaler was fitted on all rows, on the validation rows as well.",
        "So the inputs carry a trace of rows that the network should not know of.",
        "On which part may a scaler be fitted?",
    ),
    Misconception(
        "scaler_on_validation",
        "the scaler was fitted on the validation part.",
        "What is learned from data (means and deviations too) should come from the training part.",
        "On which part may a scaler be fitted?",
    ),
    Misconception(
        "scaler_of_its_own",
        "the validation part was scaled by numbers of its own.",
        "The same value then means two things: one in training and another in validation.",
        "Fit once, then transform both parts alike.",
    ),
    Misconception(
        "split_not_by_group",
        "the rows in `{inputs}` are not those of the exercise's split by {group}.",
        "Where the same {group} stands on both sides, a network that knows it by heart looks better than it is.",
        "Run the cells that split the data again.",
    ),
    Misconception(
        "other_split",
        "the rows in `{inputs}` are not those of the exercise's split.",
        "Other rows make other curves, so yours cannot be compared.",
        "Run the cells that split the data again.",
    ),
    Misconception(
        "rows_changed",
        "`{inputs}` and `{inputs_valid}` hold more or fewer rows than the exercise's split.",
        "Other rows make other curves, so yours cannot be compared.",
        "Run the cells that prepare the data again.",
    ),
    Misconception(
        "columns_changed",
        "`{inputs}` has more or fewer columns than the exercise's inputs.",
        "Other inputs are another task.",
        "Run the cells that prepare the data again.",
    ),
    Misconception(
        "data_no_numbers",
        "the inputs or the targets hold values that are no numbers (nan or infinity).",
        "Where one of them enters, losses, means or weights turn into no numbers as well.",
        "Restart the kernel and run the cells that read, split and prepare the data as the exercise gave them.",
    ),
    Misconception(
        "targets_of_other_rows",
        "the values in `{inputs}`, `{targets}` and the validation part are the exercise's, but targets stand beside "
        "other rows than their own.",
        "Then a network can learn from the inputs no more than what all targets have in common.",
        "Run the cells that split and prepare the data again; whatever moves rows must move both alike.",
    ),
    Misconception(
        "inputs_and_targets",
        "two things about the data are not the exercise's: the inputs in `{inputs}` or `{inputs_valid}`, and the "
        "values of the targets in `{targets}` or `{targets_valid}`.",
        "With other data the curves are those of another task.",
        "Restart the kernel and run the cells that read, split and prepare the data as the exercise gave them.",
    ),
    Misconception(
        "target_scaled",
        "the targets in `{targets}` or `{targets_valid}` are not those of the exercise.",
        "The loss is in the target's unit, so on another scale it cannot be compared.",
        "Run the cells that prepare the data again.",
    ),
)

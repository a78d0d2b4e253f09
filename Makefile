# Everything is in course.py (standard library only), which also works without make: python3 course.py lab
# Options are passed on by ARGS: make lab ARGS="--no-browser --port 8899", make test ARGS="-k spotify".
PYTHON ?= python3
ARGS ?=
COURSE = $(PYTHON) course.py

.DEFAULT_GOAL := help
.PHONY: help lab formgrader test test-full test-long test-nbgrader test-kills walkthrough doctor build bundle experiments calibrate bench bench-autograde lint lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: ## install what is missing and open the first lesson in JupyterLab
	@$(COURSE) lab $(ARGS)

formgrader: ## for instructors: JupyterLab on the whole course, with nbgrader's formgrader
	@$(COURSE) formgrader $(ARGS)

test: ## the tests, in 15 to 20 minutes
	@$(COURSE) test $(ARGS)

test-full: ## the longer tests: official data, a whole class, attacks, a browser, fresh installations
	@$(COURSE) test-full $(ARGS)

test-long: ## what is left out of those: lessons on stand-ins, more seeds, rows of experiments trained again, long fuzzing
	@$(COURSE) test-full -m long $(ARGS)

# test_instantiatetests reads a file of nbgrader's repository that its wheel lacks: it fails with stock as well.
NBGRADERS = nbgrader.tests
test-nbgrader: ## nbgrader's own tests of grading, by the steps of this course
	@$(COURSE) run -m pytest -o addopts= -p tests.nbgraders_own -p no:cacheprovider --pyargs \
		$(NBGRADERS).apps.test_nbgrader_autograde $(NBGRADERS).apps.test_nbgrader_generate_feedback \
		$(NBGRADERS).apps.test_api::TestNbGraderAPI::test_autograde $(NBGRADERS).preprocessors --ignore-glob='*test_instantiatetests.py' $(ARGS)

test-kills: ## thirty classes whose grading is killed at random moments
	@KILLS=30 $(COURSE) test-full tests/test_grading_killed.py -k whatever_moment $(ARGS)

walkthrough: ## the course in a real browser, the whole lesson too; pictures of each step in walkthrough/
	@mkdir -p walkthrough
	@WALKTHROUGH_PICTURES=$(CURDIR)/walkthrough $(COURSE) test-full tests/test_walkthrough.py $(ARGS)

doctor: ## what is missing on this machine, in plain words
	@$(COURSE) doctor $(ARGS)

build: ## exercises/ from solutions/
	@$(COURSE) run -m grader.build $(ARGS)

bundle: ## dist/dropnorm-course.zip, the archive for learners
	@$(COURSE) bundle

experiments: ## data/experiments/ anew: the honest comparison's tables
	@$(COURSE) run -m dropnorm.experiments $(ARGS)

calibrate: ## the bands of the loss curves anew
	@$(COURSE) run -m grader.calibration $(ARGS)

bench: ## what the live lab and its engine reach, into benchmarks/results/ (best on a machine that does nothing else)
	@$(COURSE) bench $(ARGS)

bench-autograde: ## grading a class of a hundred against stock nbgrader, cold, pretrained and warm (an hour)
	@$(COURSE) run -m benchmarks.autograde $(ARGS)

lint: ## ruff: lint and format
	@$(COURSE) lint

lock: ## requirements*.lock anew from pyproject.toml (ARGS=--upgrade for the newest versions)
	@$(COURSE) lock $(ARGS)

"""Translations: what there is to translate, the catalogues, the checks, and the notebooks made from them.

For authors and `make build`; nothing here is imported while a learner works or a class is graded.
"""

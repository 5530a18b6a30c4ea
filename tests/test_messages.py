"""Sentences that keep what they are made of."""

from __future__ import annotations

import copy
import pickle

import pytest

from saliency.conditions import Condition
from saliency.errors import DatasetError, PictureError, SaliencyError
from saliency.messages import Message


def test_a_message_is_its_english_sentence():
    message = Message("{count:,} of “{condition.title}”.", count=1200, condition=Condition.NON_SALIENT)
    assert message == "1,200 of “Non-salient”."
    assert message.template == "{count:,} of “{condition.title}”."
    assert message.values == {"count": 1200, "condition": Condition.NON_SALIENT}


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_made_of_the_same(again):
    message = Message("{name} {why}", name="{0} {braces", why=Message("because"))
    copied = again(message)
    assert (copied, copied.template, copied.values) == (message, message.template, message.values)
    assert copied.values["why"].template == "because"


def test_braces_that_a_user_wrote_are_no_fields():
    assert Message("{x} {0} {") == "{x} {0} {"
    assert Message("{name}", name="{0!r:x}") == "{0!r:x}"


def test_an_error_says_its_sentence_and_the_one_inside():
    inner = PictureError("It is {width} wide.", width=3)
    error = DatasetError("Sample “{stem}”. {why}", stem="a{b}", why=inner.message)
    assert str(error) == "Sample “a{b}”. It is 3 wide."
    assert error.message.values["why"].values == {"width": 3}
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), copied.message.template) == (DatasetError, error.message.template)
    assert copied.message.values == error.message.values
    assert isinstance(error, SaliencyError)

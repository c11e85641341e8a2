"""Bugs that would leak, each as the change that brings it in: (file, what stands there, what then).

They are the ones people make: a check that looks at the wrong thing, a label
that gets lost on its way through a store, a mark that holds for too short. Where
two checks stand behind each other a bug needs both of them to fail; such a
mutant changes both.
"""

from __future__ import annotations

Change = tuple[str, str, str]

_RELABELLED = (
    "edge/chat/in_cloud.py",
    "pieces.append(Piece(asked.prompt, asked.turn.id))",
    "pieces.append(Piece(Message(Role.USER, asked.prompt.text, Label.PUBLIC), asked.turn.id))",
)
_NOT_SEARCHED = (
    "edge/routing/privacy.py",
    'reasons = [say("has {kinds}", kinds=kinds)] if kinds else []',
    "reasons = []  # type: ignore[var-annotated]",
)

# Before each prompt the store is asked whether another process has marked the talk.
_NO_SECOND_LOOK = (
    (
        "edge/chat/session.py",
        "if self._label is Label.PUBLIC and self._is_marked():",
        "if False:",
    ),
    ("edge/chat/session.py", "Lock() if public else Lock(self._is_marked)", "Lock()"),
)

MUTANTS: dict[str, tuple[Change, ...]] = {
    "the detectors find nothing": (
        ("edge/routing/detect/all.py", "return tuple(sorted(found", "return tuple(sorted(set()"),
    ),
    "resident numbers are not looked for": (
        (
            "edge/routing/detect/all.py",
            "    find_resident_ids,\n    find_phones,",
            "    find_phones,",
        ),
    ),
    "telephone numbers are not looked for": (
        ("edge/routing/detect/all.py", "    find_phones,\n    find_banking,", "    find_banking,"),
    ),
    "addresses of mail are not looked for": (
        ("edge/routing/detect/all.py", "    find_mail,\n    find_keys,", "    find_keys,"),
    ),
    "the guard against copies sees none": (
        ("edge/routing/copies.py", "return bool(self._seen) and not", "return False and not"),
    ),
    "the guard against copies learns nothing": (
        ("edge/routing/copies.py", "self._seen.update(_windows(text))", "pass"),
    ),
    "the guard against copies forgets other talks": (
        ("edge/store/past.py", "if n_chars >= most_chars:", "if True:"),
    ),
    "what is made of private text is public": (
        (
            "edge/chat/asked.py",
            "return Label.join(*(message.label for message in self.messages))",
            "return self.prompt.label if len(self.messages) < 2 else Label.PUBLIC",
        ),
        (
            "edge/core/conversation.py",
            "Label.join(self.prompt.label, self.reply_label)",
            "self.reply_label",
        ),
        (
            "edge/chat/routes.py",
            "if shares.by_device and not self._may_be_told(asked.messages):",
            "if False:",
        ),
    ),
    "a reply has the label of its prompt": (
        (
            "edge/core/conversation.py",
            "Label.join(self.prompt.label, self.reply_label)",
            "self.prompt.label",
        ),
    ),
    "the label of a reply is lost in the store": (
        ("edge/store/rows.py", 'reply_label=Label(row["reply_label"])', "reply_label=Label.PUBLIC"),
        ("edge/store/past.py", "WHERE turns.reply_label = 1 OR turns.label = 1", "WHERE 0"),
    ),
    "the label of a prompt is lost in the store": (
        ("edge/store/rows.py", 'Label(row["label"]))', "Label.PUBLIC)"),
        (
            "edge/store/past.py",
            "SELECT text, NULL, seq FROM turns WHERE label = 1",
            "SELECT '', NULL, 0",
        ),
        ("edge/store/past.py", "OR turns.label = 1", ""),
    ),
    "the label of a conversation is lost in the store": (
        ("edge/store/rows.py", 'label=Label(row["label"]),', "label=Label.PUBLIC,"),
        *_NO_SECOND_LOOK,
    ),
    "a mark does not reach the turns before it": (
        (
            "edge/chat/session.py",
            "self._turns = [turn.locked() for turn in self._turns]",
            "pass",
        ),
        (
            "edge/chat/session.py",
            "self.routes.remember_all(self.conversations, self.conversation.id)",
            "pass",
        ),
    ),
    "a mark is not kept": (
        ("edge/chat/session.py", "self._kept.mark_private(self.conversation.id)", "pass"),
    ),
    "a mark is made on the next talk": (
        ("edge/chat/session.py", "self._label = self._system_label = Label.PRIVATE", "pass"),
        ("edge/chat/session.py", "self._kept.mark_private(self.conversation.id)", "pass"),
    ),
    "the system prompt has no label": (
        (
            "edge/chat/session.py",
            "return Label.join(self._label, self._system_label)",
            "return Label.PUBLIC",
        ),
    ),
    "the system prompt is not searched": (
        (
            "edge/chat/in_cloud.py",
            "if self.may_be_told(asked.system):",
            "if True:",
        ),
        _NOT_SEARCHED,
        ("edge/chat/routes.py", "return replace(system, label=found.label)", "return system"),
    ),
    "what was lifted once stays lifted": (
        (
            "edge/chat/session.py",
            "prompt, notices = self.routes.labelled(wish.message(self._label))",
            "self._label = Label.PUBLIC if wish.lifted else self._label\n"
            "            prompt, notices = self.routes.labelled(wish.message(self._label))",
        ),
        *_NO_SECOND_LOOK,
    ),
    "who asks for the cloud gets it": (
        (
            "edge/routing/policy.py",
            "(Reason.PRIVATE, lambda s: s.label is not Label.PUBLIC)",
            "(Reason.PRIVATE, lambda s: s.label is not Label.PUBLIC and s.wanted is None)",
        ),
        _RELABELLED,
        _NOT_SEARCHED,
    ),
    "a failed device leads to the cloud": (
        (
            "edge/chat/handoff.py",
            "self._decide(edge_fault=error.code)",
            "self._decide(edge_fault=error.code, label=Label.PUBLIC)",
        ),
        _RELABELLED,
        _NOT_SEARCHED,
    ),
    "private turns are told under another label": (
        (
            "edge/chat/in_cloud.py",
            "return Piece(turn.prompt, turn.id), Piece(turn.reply, turn.id)",
            "return (Piece(Message(turn.prompt.role, turn.prompt.text, Label.PUBLIC), turn.id),"
            " Piece(Message(turn.reply.role, turn.reply.text, Label.PUBLIC), turn.id))",
        ),
        (
            "edge/chat/in_cloud.py",
            "message.label is Label.PUBLIC and self._is_clean",
            "True or self._is_clean",
        ),
        _NOT_SEARCHED,
        ("edge/routing/copies.py", "return bool(self._seen) and not", "return False and not"),
    ),
}

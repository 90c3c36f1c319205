"""The guards of delivery, each as the change that takes it away and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass

CLAIM, DELIVER, SETTLE, SWEEP, STATE, RULES, MODELS, PLAN, RECONCILE, SERVICE, QUARANTINE = (
    f"publisher/deliveries/{name}.py"
    for name in (
        *("claim", "deliver", "settle", "sweep", "state", "rules", "models", "plan"),
        *("reconcile", "service", "quarantine"),
    )
)
STORAGE, REVIEW = "publisher/storage.py", "publisher/stories/review.py"
CONSTRAINTS = ("tests/simulation/test_constraints.py",)
VERDICTS = ("tests/rules/test_delivery_rules.py",)
DELIVERIES = "tests/features/test_deliveries.py"
RACES = ("tests/features/test_deliveries_races.py",)


@dataclass(frozen=True)
class Mutant:
    """Without `old`, which is there exactly once, `guard` is gone; one of `tests` must fail then."""

    guard: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def scenes(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/simulation/test_scenarios.py::test_{name}" for name in names)


MUTANTS = (
    # ---- The fence, the lease, dead processes ----
    Mutant(
        "fence: who lost the claim writes nothing",
        CLAIM,
        "                Delivery.fence == claim.fence,\n                Delivery.status.in_",
        "                Delivery.status.in_",
        scenes("a_sender_that_lost_its_claim_sends_nothing"),
    ),
    Mutant(
        "fence: only claims that still fit their status write",
        CLAIM,
        "                Delivery.status.in_(statuses),\n",
        "",
        scenes("a_sender_whose_post_was_taken_back_sends_nothing"),
    ),
    Mutant(
        "fence: each claim raises it",
        CLAIM,
        "    fence = delivery.fence + 1\n    state.move",
        "    fence = delivery.fence\n    state.move",
        scenes("a_sender_that_lost_its_claim_sends_nothing"),
    ),
    Mutant(
        "guarded UPDATE: the status it was read with",
        STATE,
        "Delivery.id == delivery.id, Delivery.status == was, Delivery.fence",
        "Delivery.id == delivery.id, Delivery.fence",
        scenes("a_status_that_changed_meanwhile_is_not_overwritten"),
    ),
    Mutant(
        "guarded UPDATE: the fence it was read with",
        STATE,
        "Delivery.status == was, Delivery.fence == delivery.fence",
        "Delivery.status == was",
        scenes("a_status_that_changed_meanwhile_is_not_overwritten"),
    ),
    Mutant(
        "guarded UPDATE: it touched one row",
        STATE,
        "if result.rowcount != 1:",
        "if result.rowcount < 0:",
        scenes("a_status_that_changed_meanwhile_is_not_overwritten"),
    ),
    Mutant(
        "status table: only what it allows",
        STATE,
        "if to not in TRANSITIONS[was]:",
        "if to not in DeliveryStatus:",
        scenes("a_final_status_is_final"),
    ),
    Mutant(
        "sweep: a lease that ran out",
        SWEEP,
        "row.lease_until < now or _owner",
        "_owner",
        scenes("a_sender_elsewhere_is_given_its_whole_lease"),
    ),
    Mutant(
        "sweep: a dead owner on this machine",
        SWEEP,
        "row.lease_until < now or _owner_is_dead(row.owner)",
        "row.lease_until < now",
        scenes("a_dead_local_sender_is_noticed_at_once"),
    ),
    Mutant(
        "sweep: processes elsewhere cannot be seen to be dead",
        SWEEP,
        "if host != socket.gethostname() or not rest.isdigit():",
        "if not rest.isdigit():",
        scenes("a_sender_elsewhere_is_given_its_whole_lease"),
    ),
    Mutant(
        "sweep: a process id that was given again",
        SWEEP,
        "return started(int(rest)) != start",
        'return started(int(rest)) == ""',
        scenes("a_process_id_that_was_given_again_is_not_the_sender"),
    ),
    Mutant(
        "sweep: what was on the wire is doubted",
        SWEEP,
        "    if attempt.wire_at is not None:\n        settle.doubtful",
        "    if attempt.wire_at is not None and delivery.crashes > 99:\n        settle.doubtful",
        scenes("who_has_died_on_the_wire_is_doubted_not_sent_again"),
    ),
    Mutant(
        "sweep: three deaths end with a person",
        SWEEP,
        "elif delivery.crashes >= settle.MAX_CRASHES:",
        "elif delivery.crashes >= 99:",
        scenes("a_post_of_which_senders_die_is_shown_to_a_person"),
    ),
    # ---- Commit 2 ----
    Mutant(
        "commit 2: it happens",
        DELIVER,
        "            raise NotSent\n        allowed = may_go(delivery)\n",
        "            raise NotSent\n        allowed = True\n",
        scenes("a_cancel_before_the_wire_is_in_time"),
    ),
    Mutant(
        "commit 2: cancelled",
        DELIVER,
        "    if delivery.cancel_requested:\n        state.move(\n",
        "    if delivery.attempts < 0:\n        state.move(\n",
        scenes("a_cancel_before_the_wire_is_in_time"),
    ),
    Mutant(
        "commit 2: the hash of what goes out is the approved one",
        DELIVER,
        "if content_hash(delivery.account_id, draft) != delivery.post.approved_hash:",
        "if content_hash(delivery.account_id, draft) == delivery.post.approved_hash == None:",
        scenes("an_edit_before_the_wire_is_in_time"),
    ),
    Mutant(
        "commit 2: nothing held",
        DELIVER,
        "AccountStatus.ACTIVE or db.session.scalar(held.limit(1)) is not None:",
        "AccountStatus.ACTIVE:",
        scenes("a_hold_before_the_wire_is_in_time"),
    ),
    Mutant(
        "commit 2: the account may post",
        DELIVER,
        "if account.status != AccountStatus.ACTIVE or db.session",
        "if db.session",
        scenes("a_pause_before_the_wire_is_in_time"),
    ),
    Mutant(
        "commit 2: enough lease left for the call",
        DELIVER,
        "if delivery is None or claim.lease_until - clock.now() < _call():",
        "if delivery is None:",
        scenes("a_lease_that_is_nearly_over_is_no_longer_used"),
    ),
    Mutant(
        "never early: waits for the instant before the wire",
        DELIVER,
        "    clock.wait_until(claim.due)\n",
        "",
        scenes("nothing_goes_out_before_its_instant"),
    ),
    Mutant(
        "never early: the blog waits, too",
        DELIVER,
        "    clock.wait_until(head.due)\n",
        "",
        scenes("nothing_goes_out_before_its_instant"),
    ),
    Mutant(
        "a hold keeps claims away",
        CLAIM,
        "return or_(held.exists(), busy.exists())",
        "return busy.exists()",
        scenes("nobody_claims_for_an_account_that_is_held"),
    ),
    Mutant(
        "a stale look claims nothing that moved on",
        CLAIM,
        "        Delivery.next_at <= until,\n        Delivery.expires_at",
        "        Delivery.expires_at",
        scenes("a_move_between_two_looks_is_heard"),
    ),
    Mutant(
        "grace: nothing beyond it is claimed",
        CLAIM,
        "        Delivery.expires_at >= clock.now(),  # a worker may wake up before the sweep does\n",
        "",
        scenes("after_its_grace_nothing_goes_out_by_itself"),
    ),
    Mutant(
        "grace: what is beyond it is shown as missed",
        SWEEP,
        "return _each(db.session.scalars(query.limit(BATCH)).all(), _miss)",
        "return 0",
        scenes("after_its_grace_nothing_goes_out_by_itself"),
    ),
    Mutant(
        "distance: it counts from the wire",
        DELIVER,
        "now + timedelta(seconds=spacing) if spacing else None",
        "None",
        scenes("posts_of_one_account_keep_their_distance"),
    ),
    Mutant(
        "distance: claims keep it, and a platform's pauses",
        CLAIM,
        "if any(slot and slot > until for slot in (account.next_slot_at, account.paused_until)):",
        "if any(slot and slot < until for slot in ()):",
        scenes("a_throttled_account_is_left_alone_by_a_stale_look"),
    ),
    # ---- After the wire ----
    Mutant(
        "after the wire: no answer is a doubt",
        SETTLE,
        "elif isinstance(error, Unconfirmed) and on_wire:",
        "elif isinstance(error, Unconfirmed) and not on_wire:",
        scenes("no_answer_is_asked_about_and_not_sent_again"),
    ),
    Mutant(
        "after the wire: a bug of ours is a doubt",
        SETTLE,
        "if delivery is None or delivery.wire_at is not None:",
        "if delivery is None:",
        scenes("a_bug_after_the_wire_is_doubted"),
    ),
    Mutant(
        "a receipt is proof, from whatever became of it",
        SETTLE,
        "mine(claim, SENDING, UNCONFIRMED, NEEDS_ATTENTION, load=SETTLED)",
        "mine(claim, SENDING, load=SETTLED)",
        scenes("a_receipt_is_proof_however_late_it_comes"),
    ),
    Mutant(
        "duplicate: evidence only if it was on the wire before",
        SETTLE,
        "if error.duplicate and _was_on_wire_before(claim):",
        "if error.duplicate:",
        scenes("a_first_duplicate_is_another_post_and_fails"),
    ),
    Mutant(
        "duplicate: evidence if it was on the wire before",
        SETTLE,
        "if error.duplicate and _was_on_wire_before(claim):",
        "if error.duplicate and not claim.fence:",
        scenes("a_duplicate_after_a_doubt_is_found_however_old_it_is"),
    ),
    Mutant(
        "looked for since the first wire, not the last",
        RECONCILE,
        "since = _first_wire(delivery) - MARGIN",
        "since = (delivery.wire_at or delivery.due_at) - MARGIN",
        scenes("a_duplicate_after_a_doubt_is_found_however_old_it_is"),
    ),
    Mutant(
        "a cancel on the wire counts when nothing was sent",
        SETTLE,
        "to = CANCELLED if delivery.cancel_requested else SCHEDULED",
        "to = SCHEDULED",
        scenes("a_cancel_on_the_wire_counts_when_nothing_was_sent"),
    ),
    Mutant(
        "settle: no verdict while a sender could be alive",
        RULES,
        "    if since_last_wire < settle:\n",
        "    if since_last_wire < 0:\n",
        VERDICTS,
    ),
    Mutant(
        "two readings: one absence is not enough",
        RULES,
        "    if absences == 0:\n",
        "    if absences < 0:\n",
        VERDICTS,
    ),
    Mutant(
        "two readings: with a gap between them",
        RULES,
        "    if since_absence < read_gap:\n",
        "    if since_absence < 0:\n",
        VERDICTS,
    ),
    Mutant(
        "two matches are a person's",
        RULES,
        "    if matches > 1:\n",
        "    if matches > 9:\n",
        VERDICTS,
    ),
    Mutant(
        "no access is a person's",
        RULES,
        "    if not readable:\n",
        "    if not readable and matches:\n",
        VERDICTS,
    ),
    Mutant(
        "three times in vain are a person's",
        RULES,
        "return Verdict.RESEND if resends < max_resends else Verdict.RESENT",
        "return Verdict.RESEND",
        (*VERDICTS, *scenes("what_never_appears_is_shown_to_a_person")),
    ),
    Mutant(
        "another delivery's proof proves nothing",
        RECONCILE,
        "[each for each in found if not _taken(each, delivery)]",
        "list(found)",
        scenes("a_post_that_proves_another_delivery_proves_nothing"),
    ),
    Mutant(
        "a remote post has one owner",
        SETTLE,
        "        db.session.refresh(delivery)\n        return False\n",
        "        db.session.refresh(delivery)\n        return True\n",
        RACES,
    ),
    Mutant(
        "what may be out is not scheduled anew",
        SERVICE,
        "        if any(delivery.status in ON_ITS_WAY for delivery in run):\n",
        "        if any(delivery.status in () for delivery in run):\n",
        scenes("what_may_be_out_is_neither_cancelled_nor_sent_anew"),
    ),
    Mutant(
        "what may be out is not cancelled",
        SERVICE,
        "if any(delivery.status in {UNCONFIRMED, NEEDS_ATTENTION} for delivery in alive):",
        "if any(delivery.status in {UNCONFIRMED} for delivery in alive):",
        scenes("what_may_be_out_is_neither_cancelled_nor_sent_anew"),
    ),
    Mutant(
        "what is out is not scheduled anew",
        SERVICE,
        "if run and all(delivery.status == PUBLISHED for delivery in run):",
        "if run and all(delivery.status == SENDING for delivery in run):",
        (f"{DELIVERIES}::test_publishing_again_needs_more_than_scheduling",),
    ),
    Mutant(
        "the rest of a thread keeps the words of its beginning",
        SERVICE,
        "            _require_rest(post, out, waiting, run)\n",
        "            pass\n",
        scenes("the_rest_of_a_thread_goes_with_the_words_of_its_beginning"),
    ),
    Mutant(
        "only what is approved is scheduled",
        SERVICE,
        "return post.status == APPROVED and post.approved_hash == post.head.hash",
        "return post.status != ARCHIVED",
        (f"{DELIVERIES}::test_only_an_approved_post_is_scheduled_and_only_by_an_editor",),
    ),
    # ---- Order ----
    Mutant(
        "order: who links waits for its target",
        PLAN,
        "    if targets.held():\n        return None, WaitsFor.TARGET\n",
        "",
        scenes("who_links_goes_after_what_it_links_to"),
    ),
    Mutant(
        "order: a target that is gone again holds at the last moment",
        DELIVER,
        "    if targets.held():\n        _back(",
        "    if targets.held() and not delivery:\n        _back(",
        scenes("a_link_that_became_ambiguous_holds_its_post"),
    ),
    Mutant(
        "order: whoever waits is woken by its target",
        SETTLE,
        "            for woken in plan.wake(post.story_id, but=post.id):\n",
        "            for woken in ():\n",
        scenes("who_links_goes_after_what_it_links_to"),
    ),
    Mutant(
        "order: a part waits for the one before it",
        PLAN,
        "if before is not None and before.status != DeliveryStatus.PUBLISHED:",
        "if before is not None and before.status == DeliveryStatus.FAILED:",
        scenes("the_parts_of_a_thread_go_one_after_the_other"),
    ),
    # ---- What the database itself refuses ----
    Mutant(
        "unique: one sending per account",
        MODELS,
        '"uq_deliveries_sending",\n            "account_id",\n            unique=True,',
        '"uq_deliveries_sending",\n            "account_id",',
        CONSTRAINTS,
    ),
    Mutant(
        "unique: post, run, part",
        MODELS,
        '        UniqueConstraint("post_id", "run", "part"),\n',
        "",
        CONSTRAINTS,
    ),
    Mutant(
        "unique: account and remote id",
        MODELS,
        '        UniqueConstraint("account_id", "remote_id"),\n',
        "",
        CONSTRAINTS,
    ),
    Mutant(
        "unique: marker",
        MODELS,
        "marker: Mapped[str] = mapped_column(String(32), unique=True)",
        "marker: Mapped[str] = mapped_column(String(32))",
        CONSTRAINTS,
    ),
    Mutant(
        "unique: one attempt per delivery and fence",
        MODELS,
        '    __table_args__ = (UniqueConstraint("delivery_id", "fence"),)\n',
        "",
        CONSTRAINTS,
    ),
    # ---- Turns, approvals, older copies ----
    Mutant(
        "turns: one at a time writes to a story (PostgreSQL)",
        STORAGE,
        "        session.execute(select(func.pg_advisory_xact_lock(story_id)))\n",
        "",
        RACES,
    ),
    Mutant(
        "approval: of the revision that was read",
        REVIEW,
        "        if revision != post.revision:\n",
        "        if revision > post.revision:\n",
        ("tests/features/test_stories_review.py",),
    ),
    Mutant(
        "approval: never of one's own writing",
        REVIEW,
        "        _require_approver(actor, post)\n        if",
        "        if",
        ("tests/features/test_stories_review.py",),
    ),
    Mutant(
        "older copy: what the journal knows is looked for",
        QUARANTINE,
        "    doubted: list[int] = []\n    unplanned",
        "    unknown, doubted = (), []\n    unplanned",
        scenes("a_restored_copy_posts_nothing_again"),
    ),
)

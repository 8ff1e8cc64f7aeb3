"""Which modules of CPython's test suite are run, and which of their tests cannot pass, each with its reason.

The tests are those of the Python that runs pytest, 3.11; the sandbox runs CPython 3.14 in WebAssembly.
"""

from __future__ import annotations

MESSAGE = "later versions word the message differently"
C_API = "tests C functions of the extension module of that very version"
GC = "later versions track objects differently"
STACK = "goes deeper than the WebAssembly stack, which ends the interpreter"
DOC = "later versions document or show it differently"
ALLOWED = "later versions allow it"
REFUSED = "later versions refuse it"
GONE = "later versions do not have it"

CLEAN = [
    "test_array",
    "test_augassign",
    "test_base64",
    "test_binascii",
    "test_bisect",
    "test_bool",
    "test_calendar",
    "test_compare",
    "test_defaultdict",
    "test_deque",
    "test_dictcomps",
    "test_heapq",
    "test_html",
    "test_ipaddress",
    "test_keyword",
    "test_listcomps",
    "test_memoryio",
    "test_named_expressions",
    "test_operator",
    "test_patma",
    "test_pprint",
    "test_raise",
    "test_reprlib",
    "test_richcmp",
    "test_scope",
    "test_secrets",
    "test_set",
    "test_setcomps",
    "test_sort",
    "test_string",
    "test_strtod",
    "test_super",
    "test_tuple",
    "test_unpack_ex",
    "test_weakref",
    "test_with",
    "test_zlib",
    "test_asyncio.test_queues",
    "test_asyncio.test_context",
]
"""Modules that pass as they are."""

EXPECTED: dict[str, dict[str, str]] = {
    "test_asyncio.test_locks": {
        "BarrierTests.test_barrier": MESSAGE,
        "LockTests.test_lock": MESSAGE,
        "LockTests.test_lock_by_with_statement": MESSAGE,
        "SemaphoreTests.test_semaphore": MESSAGE,
    },
    "test_asyncio.test_waitfor": {
        "AsyncioWaitForTest.test_wait_for_self_cancellation": "3.12 cancels the awaited task in another order",
    },
    "test_bytes": {
        "ByteArrayTest.test_fromhex": ALLOWED,
        "BytesTest.test_fromhex": ALLOWED,
        "ByteArrayTest.test_mutating_index": C_API,
        "ByteArrayTest.test_sq_item": C_API,
        "BytesTest.test_sq_item": C_API,
    },
    "test_collections": {"TestNamedTuple.test_instance": "looks for a class of that very version"},
    "test_contextlib": {
        "TestExitStack.test_exit_exception_traceback": "later versions show another frame",
        "TestChdir.test_reentrant": "changes to a folder of the suite that is not packed",
    },
    "test_coroutines": {
        "CoroutineTest.test_await_1": MESSAGE,
        "CoroutineTest.test_await_2": MESSAGE,
        "CoroutineTest.test_await_8": MESSAGE,
        "CoroutineTest.test_fatal_coro_warning": MESSAGE,
        "OriginTrackingTest.test_unawaited_warning_when_module_broken": MESSAGE,
    },
    "test_csv": {
        "MiscTestCase.test__all__": DOC,
        "TestDialectValidity.test_delimiter": MESSAGE,
        "TestDialectValidity.test_escapechar": MESSAGE,
        "TestDialectValidity.test_lineterminator": MESSAGE,
        "TestDialectValidity.test_quoting": MESSAGE,
    },
    "test_dataclasses": {
        "TestAbstract.test_maintain_abc": MESSAGE,
        "TestCase.test_field_repr": DOC,
        "TestDocString.test_docstring_one_field_with_default_none": DOC,
        "TestMakeDataclass.test_no_types": DOC,
        "TestReplace.test_frozen": "raises TypeError since 3.13",
        "TestReplace.test_initvar_is_specified": "raises TypeError since 3.13",
        "TestReplace.test_no_init": "raises TypeError since 3.13",
    },
    "test_datetime": {
        "Oddballs_Pure.test_bug_1028306": ALLOWED,
        "Oddballs_Fast.test_bug_1028306": ALLOWED,
        "TestTimeTZ_Fast.test_zones": ALLOWED,
        "TestModule_Pure.test_divide_and_round": C_API,
        **{
            f"{kind}_{half}.test_strptime": C_API
            for kind in ("TestDateTime", "TestDateTimeTZ", "TestSubclassDateTime")
            for half in ("Pure", "Fast")
        },
    },
    "test_dict": {
        "DictTest.test_repr_deep": "the limit of recursion in C is another since 3.12",
        "DictTest.test_track_dynamic": GC,
        "DictTest.test_track_literals": GC,
        "CAPITest.test_getitem_knownhash": C_API,
    },
    "test_fractions": {"FractionTest.testFromString": ALLOWED},
    "test_generators": {
        "FinalizationTest.test_refcycle": GC,
        "__test__.pep": "later versions mark the place in the line",
        "__test__.refleaks": GC,
    },
    "test_graphlib": {"TestTopologicalSort.test_prepare_multiple_times": ALLOWED},
    "test_iter": {"TestCase.test_reduce_mutating_builtins_iter": "the order of the checks is another"},
    "test_json": {"TestCFail.test_unexpected_data": MESSAGE, "TestPyFail.test_unexpected_data": MESSAGE},
    "test_list": {
        "ListTest.test_free_after_iterating": GC,
        "ListTest.test_repr_deep": "the limit of recursion in C is another since 3.12",
    },
    "test_long": {"LongTest.test_conversion": GONE},
    "test_math": {"ieee754_txt": MESSAGE},
    "test_numeric_tower": {"HashTest.test_fractions": "uses an argument that is no part of the interface"},
    "test_property": {
        "PropertyTests.test_class_property": "class properties are gone since 3.13",
        "PropertyTests.test_class_property_override": "class properties are gone since 3.13",
    },
    "test_random": {
        "SystemRandom_TestBasicOps.test_randrange_argument_handling": "raises TypeError since 3.12",
        "SystemRandom_TestBasicOps.test_randrange_errors": "raises TypeError since 3.12",
    },
    "test_range": {"RangeTest.test_iterator_pickling_overflowing_index": "a C long has 32 bits in WebAssembly"},
    "test_re": {
        "PatternReprTests.test_flags_repr": "the flag TEMPLATE is gone",
        "ReTests.test_other_escapes": r"\\z is an escape since 3.14",
        "ReTests.test_string_boundaries": r"\\B matches the empty string since 3.14",
        "ReTests.test_re_groupref_exists_errors": "an error now, a warning then",
        "ReTests.test_symbolic_groups_errors": "an error now, a warning then",
        "ReTests.test_symbolic_refs_errors": "an error now, a warning then",
        "ReTests.test_template_function_and_flag_is_deprecated": GONE,
    },
    "test_slice": {"SliceTest.test_hash": "slices have hashes since 3.12"},
    "test_statistics": {
        "TestGeometricMean.test_error_cases": ALLOWED,
        "TestNormalDistC.test_inv_cdf": ALLOWED,
        "TestNormalDistPython.test_inv_cdf": ALLOWED,
        "TestQuantiles.test_error_cases": ALLOWED,
    },
    "test_struct": {
        "StructTest.test_issue45034_signed": MESSAGE,
        "StructTest.test_issue45034_unsigned": MESSAGE,
    },
    "test_textwrap": {
        "LongWordTestCase.test_break_long": "later versions break at hyphens first",
        "LongWordTestCase.test_max_lines_long": "later versions break at hyphens first",
    },
    "test_types": {
        "UnionTests.test_or_type_operator_with_forward": "unions are another class since 3.14",
        "UnionTests.test_or_type_operator_with_genericalias": "unions are another class since 3.14",
        "UnionTests.test_or_types_operator": "unions are another class since 3.14",
    },
    "test_unicode": {
        "UnicodeTest.test_capitalize_nonascii": "a newer Unicode database",
        "UnicodeTest.test_find_etc_raise_correct_error_messages": MESSAGE,
        "UnicodeTest.test_formatting": MESSAGE,
        "UnicodeTest.test_printable_repr": "a newer Unicode database",
        "UnicodeTest.test_raiseMemError": "objects have another size on 32 bits",
    },
    "test_unpack": {"__test__.doctests": "later versions mark the place in the line"},
}
"""By module: tests that fail, by class and name, and why."""

DESELECTED: dict[str, dict[str, str]] = {
    "test_json": {"TestPyRecursion": STACK, "TestCRecursion": STACK},
}
"""By module: tests that are not even run, and why."""

DATA = {
    "test_contextlib": ["data/README"],
    "test_math": ["ieee754.txt", "math_testcases.txt", "cmath_testcases.txt"],
    "test_random": ["randv*.pck"],
}
"""By module: files of the suite that its tests read."""

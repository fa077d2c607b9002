"""The values that --invoke gives to a function, and how its results are printed."""
from harness import check, expect, guest, one_line, run

GOOD_VALUES = [
    ("i32", "0", "0"), ("i32", "-1", "-1"), ("i32", "+7", "7"), ("i32", "007", "7"),
    ("i32", "4294967295", "-1"), ("i32", "-2147483648", "-2147483648"),
    ("i32", "0xffFFffff", "-1"), ("i32", "-0x10", "-16"), ("i32", "0X1f", "31"),
    ("i64", "18446744073709551615", "-1"), ("i64", "-9223372036854775808", "-9223372036854775808"),
    ("i64", "0xffffffffffffffff", "-1"), ("i64", "4294967296", "4294967296"),
    ("f32", "0.1", "0.1"), ("f64", "80", "80"), ("f32", "80", "80"),
    ("f64", "1e20", "1" + 20 * "0"), ("f64", "1e21", "1e+21"), ("f64", "1e-7", "1e-7"),
    ("f64", "0.000001", "0.000001"),
    ("f32", "nan:0x200001", "nan:0x200001"), ("f64", "-nan:0x1", "-nan:0x1"),
    ("f32", "nan:0x400000", "nan"), ("f64", "-nan:0xfffffffffffff", "-nan:0xfffffffffffff"),
    ("f64", "NaN", "nan"), ("f64", "+nan", "nan"), ("f32", "-0", "-0"), ("f32", "1e10", "10000000000"), ("f32", "inf", "inf"),
    ("f32", "-inf", "-inf"), ("f32", "nan", "nan"), ("f32", "16777217", "16777216"),
    ("f32", "3.4028235e38", "3.4028235e+38"), ("f32", "1e-45", "1e-45"),
    ("f64", "0.1", "0.1"), ("f64", "0x1.8p1", "3"), ("f64", "-1e300", "-1e+300"),
    ("f64", "0.30000000000000004", "0.30000000000000004"), ("f64", "-nan", "-nan"),
    ("f64", "Infinity", "inf"), ("f64", "5e-324", "5e-324"),
    ("funcref", "null", "null"), ("externref", "null", "null"), ("externref", "7", "7"),
]


BAD_VALUES = [
    ("i32", "4294967296"), ("i32", "-2147483649"), ("i32", ""), ("i32", "1x"), ("i32", "x"),
    ("i32", " 1"), ("i32", "1 "), ("i32", "--1"), ("i32", "-"), ("i32", "0x"), ("i32", "0x-1"),
    ("i32", "ff"), ("i32", "1.0"), ("i32", "0x100000000"), ("i32", "0x0x1"), ("i32", "-+1"),
    ("i64", "18446744073709551616"), ("i64", "-9223372036854775809"), ("i64", "1e3"),
    ("i64", "99999999999999999999999999"),
    ("f32", "1e39"), ("f32", ""), ("f32", "one"), ("f32", " 1"), ("f32", "1,5"), ("f32", "1 "),
    ("f32", "nan:0x800000"), ("f32", "nan:0x0"), ("f32", "nan:"), ("f32", "nan:1"),
    ("f64", "nan(1)"), ("f64", "nan:0x10000000000000"), ("f64", "nan:0x-1"), ("f64", "nanx"),
    ("f64", "1e400"), ("f64", "-1e400"), ("f64", "0x"), ("f64", "1e"),
    ("funcref", "0"), ("funcref", ""), ("externref", "nul"), ("externref", "-x"),
]


def test(place):
    module = guest("values")
    for function, text, printed in GOOD_VALUES:
        check("value %s %s" % (function, text),
              expect(run("--invoke", function, module, text), 0, printed + "\n") or
              expect(run("--invoke", function, module, printed), 0, printed + "\n"))
    for function, text in BAD_VALUES:
        result = run("--invoke", function, module, text)
        check("bad value %s '%s'" % (function, text),
              expect(result, 2, "", r"--invoke %s: parameter 1 \(%s\)" % (function, function))
              or one_line(result))
    check("several values", expect(run("--invoke", "swap", module, "-1", "2"), 0, "2\n-1\n"))
    check("values of all types",
          expect(run("--invoke", "all", module, "1", "2", "3.5", "4.25"), 0, "4.25\n3.5\n2\n1\n"))
    check("the wrong one is named",
          expect(run("--invoke", "all", module, "1", "2", "x", "4"), 2, "", r"parameter 3 \(f32\)"))
    check("too few values",
          expect(run("--invoke", "all", module, "1", "2", "3"), 2, "", r"parameter 4 \(f64\)"))
    check("too many values", expect(run("--invoke", "nothing", module, "1"), 2, "",
                                    "--invoke nothing.*0.*1"))
    check("no result, no line", expect(run("--invoke", "nothing", module), 0, ""))

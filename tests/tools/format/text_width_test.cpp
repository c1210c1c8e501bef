// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/text_width.h"

#include <catch2/catch.hpp>

namespace uprobesim {

TEST_CASE("columns are those of a terminal: wide characters take two, combining marks none",
          "[tools][text]") {
    CHECK(columns_of("") == 0);
    CHECK(columns_of("abc") == 3);
    CHECK(columns_of("\xc2\xb5s") == 2);                 // U+00B5 MICRO SIGN
    CHECK(columns_of("\xe6\xbc\xa2\xe5\xad\x97") == 4);  // U+6F22 U+5B57
    CHECK(columns_of("e\xcc\x81") == 1);                 // U+0301 COMBINING ACUTE ACCENT
    CHECK(columns_of("\xf0\x9f\x98\x80") == 2);          // U+1F600 GRINNING FACE
}

TEST_CASE("what a terminal would obey or hide is written out", "[tools][text]") {
    CHECK(visible("a\tb\x1b[2J\n") == "a\\x09b\\x1b[2J\\x0a");
    CHECK(visible("\x7f") == "\\x7f");
    CHECK(visible("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");  // U+009B, the one-byte CSI
    CHECK(visible("\xe2\x80\xae"
                  "exe") ==
          "\\xe2\\x80\\xae"
          "exe");                                         // U+202E, right to left
    CHECK(visible("\xff\xc0\xaf") == "\\xff\\xc0\\xaf");  // no UTF-8; an overlong slash
    CHECK(visible("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
    CHECK(visible("\xe6\xbc") == "\\xe6\\xbc");           // cut off
    CHECK(visible("plain \xc2\xb5") == "plain \xc2\xb5");
}

TEST_CASE("a long text is abbreviated in the middle", "[tools][text]") {
    CHECK(shortened("abcdefghij", 10) == "abcdefghij");
    CHECK(shortened("abcdefghijk", 10) == "abcd...ijk");
    CHECK(shortened("abcdefghijk", 3) == "...");
    CHECK(shortened("abcdefghijk", 0).empty());
    // No half of a wide character, and no mark without its letter.
    CHECK(shortened("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 7) ==
          "\xe6\xbc\xa2...\xe6\xbc\xa2");
    CHECK(columns_of(shortened("abcde\xcc\x81\xcc\x81"
                               "fgh",
                               6)) <= 6);
}

TEST_CASE("lines are broken at blanks, and inside a word only where there is none",
          "[tools][text]") {
    CHECK(wrapped("", 10) == std::vector<std::string>{""});
    CHECK(wrapped("one two three", 8) == std::vector<std::string>{"one two", "three"});
    CHECK(wrapped("one  ", 10) == std::vector<std::string>{"one"});
    CHECK(wrapped("one two", 7) == std::vector<std::string>{"one two"});
    CHECK(wrapped("abcdefghij k", 4) == std::vector<std::string>{"abcd", "efgh", "ij k"});
    CHECK(wrapped("    abcdefgh", 6) == std::vector<std::string>{"    ab", "cdefgh"});
}

}  // namespace uprobesim

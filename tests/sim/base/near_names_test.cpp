// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch.hpp>

#include "sim/base/text.h"

namespace uprobesim {

TEST_CASE("a slip of the fingers is at distance one", "[sim][text]") {
    CHECK(edit_distance("run", "run") == 0);
    CHECK(edit_distance("runn", "run") == 1);
    CHECK(edit_distance("rn", "run") == 1);
    CHECK(edit_distance("rum", "run") == 1);
    CHECK(edit_distance("rnu", "run") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("", "abc") == 3);
}

TEST_CASE("the closest names are suggested, the closest first", "[sim][text]") {
    CHECK(did_you_mean("compair", {"run", "compare", "bench"}) == "did you mean 'compare'?");
    CHECK(did_you_mean("kernel", {"kernels", "kernel"}) == "did you mean 'kernel' or 'kernels'?");
    CHECK(did_you_mean("frobnicate", {"run", "compare"}).empty());
    // Any two words of three letters differ by three at most.
    CHECK(did_you_mean("cat", {"run"}).empty());
    CHECK(did_you_mean(std::string(1000, 'a'), {"run"}).empty());
}

TEST_CASE("a short list is shown whole where no name is close", "[sim][text]") {
    CHECK(near_names("xml", {"text", "json"}) == "known: text, json");
    CHECK(near_names("jsno", {"text", "json"}) == "did you mean 'json'?");
    CHECK(near_names("zzzzzz", std::vector<std::string>(21, "a")).empty());
}

TEST_CASE("alternatives are joined as in a sentence", "[sim][text]") {
    CHECK(or_list({"a"}) == "a");
    CHECK(or_list({"a", "b"}) == "a or b");
    CHECK(or_list({"a", "b", "c"}) == "a, b or c");
}

}  // namespace uprobesim

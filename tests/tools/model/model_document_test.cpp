// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/tools/format/hostile_text.h"
#include "tools/model/model_report.h"

namespace uprobesim {
namespace {

ProfileKey key(const std::string& name, double number, const std::string& source) {
    return {name,         "7",  number,        "cycles", source, Confidence::Low,
            "own.toml:3", name, KeyRole::Price};
}

ProfileListing listing(const std::string& name) {
    return {ProfileKind::Machine, name, "a board", {"own.toml"}, {key("ops.isb", 7, "measured")}};
}

}  // namespace

TEST_CASE("a profile's keys with their source under them", "[tools][model]") {
    CHECK(document_text(profile_document(listing("m1"))) ==
          "machine m1: a board\n"
          "own.toml\n"
          "\n"
          "operations\n"
          "  key              value  unit    confidence\n"
          "  machine.ops.isb      7  cycles  low\n"
          "      measured; own.toml:3\n");
    CHECK(document_csv(profile_document(listing("m1"))) ==
          "key,value,unit,confidence,source\r\n"
          "machine.ops.isb,7,cycles,low,measured; own.toml:3\r\n");
}

TEST_CASE("profiles that differ are told by the number of their keys", "[tools][model]") {
    ProfileListing b = listing("m2");
    CHECK(document_text(profile_diff_document(listing("m1"), b)).starts_with("no key differs\n"));
    b.keys[0].value.assign(1, '9');
    b.keys[0].number = 9;
    CHECK(document_text(profile_diff_document(listing("m1"), b)).starts_with("1 key differs\n"));
}

TEST_CASE("profiles fit, whatever they name", "[tools][model]") {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        ProfileListing a = listing(names.name());
        a.description = names.name();
        a.files = {names.name(), names.name()};
        for (int i = 0; i < 5; ++i) {
            a.keys.push_back(key(names.name(), 5, names.name()));
            a.keys.back().value = names.name();
            a.keys.back().unit = names.name();
            a.keys.back().number.reset();
        }
        check_text_fits(profile_document(a));
        check_text_fits(profile_diff_document(a, listing(names.name())));
        check_text_fits(profile_list_document({{ProfileKind::Kernel, names.name(), names.name()},
                                               {ProfileKind::Machine, names.name(), ""}}));
        csv_fields(document_csv(profile_document(a)));
    }
}

}  // namespace uprobesim

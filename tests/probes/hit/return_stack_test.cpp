// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/hit/return_stack.h"

#include <catch2/catch.hpp>

#include "probes/hit/uprobes.h"

using namespace uprobesim;
using Hijack = ReturnStack::Hijack;

namespace {

constexpr VAddr kTrampoline{0x7ffffff000}, kMain{0x1000}, kOuter{0x2000};
constexpr std::uint64_t kSp = 0x8000;

struct Calls {
    Uprobe f, g;
    ReturnStack stack;
    Hijack call(Uprobe& function, std::uint64_t sp, VAddr link) {
        return stack.record(function, VAddr(0x400000), sp, link, kTrampoline);
    }
};

}  // namespace

TEST_CASE("nested calls return to their own callers", "[return]") {
    Calls c;
    CHECK(c.call(c.f, kSp, kMain) == Hijack::Recorded);
    CHECK(c.call(c.g, kSp - 32, kOuter) == Hijack::Recorded);
    auto back = c.stack.take(kSp - 32);
    REQUIRE(back);
    CHECK(back->to == kOuter);
    CHECK(back->finished == std::vector<Uprobe*>{&c.g});
    back = c.stack.take(kSp);
    REQUIRE(back);
    CHECK(back->to == kMain);
    CHECK(back->finished == std::vector<Uprobe*>{&c.f});
    CHECK_FALSE(c.stack.take(kSp));
}

TEST_CASE("a tail call returns once, for both functions", "[return]") {
    Calls c;
    CHECK(c.call(c.f, kSp, kMain) == Hijack::Recorded);
    CHECK(c.call(c.g, kSp, kTrampoline) == Hijack::Recorded);
    const auto back = c.stack.take(kSp);
    REQUIRE(back);
    CHECK(back->to == kMain);
    CHECK(back->finished == std::vector<Uprobe*>{&c.g, &c.f});
    CHECK(c.stack.empty());
}

TEST_CASE("calls that longjmp left run no handlers", "[return]") {
    Calls c;
    c.call(c.f, kSp, kMain);
    c.call(c.g, kSp - 32, kOuter);
    c.call(c.g, kSp - 64, kOuter);
    const auto back = c.stack.take(kSp);  // f returns
    REQUIRE(back);
    CHECK(back->to == kMain);
    CHECK(back->finished == std::vector<Uprobe*>{&c.f});
    CHECK(c.stack.empty());
}

TEST_CASE("a new call drops the calls that are over", "[return]") {
    Calls c;
    c.call(c.f, kSp, kMain);
    for (int i = 0; i < 1000; ++i) REQUIRE(c.call(c.g, kSp - 32, kOuter) == Hijack::Recorded);
    CHECK(c.stack.depth() == 2);
    // A call at the same sp is a new one, unless it came by a jump: then the call it came from is
    // live.
    c.call(c.g, kSp - 32, kTrampoline);
    CHECK(c.stack.depth() == 3);
    c.call(c.g, kSp - 16, kTrampoline);
    CHECK(c.stack.depth() == 2);
}

TEST_CASE("the sixty-fifth call is not caught", "[return]") {
    Calls c;
    for (std::uint64_t i = 0; i < 64; ++i)
        REQUIRE(c.call(c.f, kSp - 16 * i, kMain) == Hijack::Recorded);
    CHECK(c.call(c.f, kSp - 16ul * 64, kMain) == Hijack::TooDeep);
    CHECK(c.stack.depth() == 64);
}

TEST_CASE("a jump with a stale trampoline in x30 is lost", "[return]") {
    Calls c;
    CHECK(c.call(c.f, kSp, kTrampoline) == Hijack::Lost);
    CHECK(c.stack.empty());
    // The call it seems to come from is over, too.
    c.call(c.f, kSp - 32, kMain);
    CHECK(c.call(c.g, kSp, kTrampoline) == Hijack::Lost);
    CHECK(c.stack.empty());
}

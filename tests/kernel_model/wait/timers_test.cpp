// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/wait/timers.h"

#include <catch2/catch.hpp>
#include <string>

using namespace uprobesim;

TEST_CASE("timers expire in the order of their times, then of their arming", "[timers]") {
    Timers timers;
    std::string order;
    timers.arm(20, [&] { order += 'c'; });
    timers.arm(10, [&] { order += 'a'; });
    timers.arm(10, [&] { order += 'b'; });
    CHECK(timers.next_ns() == 10u);
    timers.expire(9);
    CHECK(order.empty());
    timers.expire(20);
    CHECK(order == "abc");
    CHECK(timers.empty());
    CHECK_FALSE(timers.next_ns().has_value());
}

TEST_CASE("a timer that was cancelled does not expire, even by one that expires before it",
          "[timers]") {
    Timers timers;
    int expired = 0;
    const auto second = timers.arm(2, [&] { ++expired; });
    timers.arm(1, [&] { timers.cancel(second); });
    timers.expire(5);
    CHECK(expired == 0);
    timers.cancel(second);
    timers.cancel(0);
}

TEST_CASE("a timer may arm another that is due already", "[timers]") {
    Timers timers;
    int expired = 0;
    timers.arm(1, [&] { timers.arm(3, [&] { ++expired; }); });
    timers.expire(2);
    CHECK(expired == 0);
    timers.expire(3);
    CHECK(expired == 1);
}

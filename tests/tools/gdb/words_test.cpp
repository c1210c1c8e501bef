// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch.hpp>

#include "tools/gdb/resume_words.h"
#include "tools/gdb/target/stop_reply.h"
#include "tools/gdb/wire/gdb_place.h"

using namespace uprobesim;

TEST_CASE("threads are named with their process", "[gdb]") {
    const auto thread = parse_gdb_thread("p3e8.3e9");
    REQUIRE(thread);
    CHECK(thread->pid == 1000);
    CHECK(thread->tid == 1001);
    CHECK(gdb_thread_text(*thread) == "p3e8.3e9");
    CHECK(parse_gdb_thread("p3e8.-1")->covers(1000, 7));
    CHECK_FALSE(parse_gdb_thread("p3e8.-1")->covers(1001, 7));
    CHECK(parse_gdb_thread("-1")->covers(1, 2));
    CHECK(parse_gdb_thread("0")->covers(1, 2));
    for (const char* wrong : {"", "p", "px.1", "p1.y", "p100000000.1"})
        CHECK_FALSE(parse_gdb_thread(wrong));
}

TEST_CASE("the actions of vCont are read in order", "[gdb]") {
    const auto actions = parse_resume("s:p1.1;C0b:p1.2;r10,20:p1.3;c");
    REQUIRE(actions);
    REQUIRE(actions->size() == 4);
    CHECK(actions->at(0).steps);
    CHECK(actions->at(1).signal == Signal::Segv);
    CHECK(actions->at(2).range == VRange{VAddr(0x10), VAddr(0x20)});
    CHECK_FALSE(actions->at(3).steps);
    CHECK(actions->at(3).thread.covers(9, 9));
    for (const char* wrong : {"", "x", "c5", "Cg", "s:pz", "r10", "r20,10", "c;"})
        CHECK_FALSE(parse_resume(wrong));
}

TEST_CASE("signals have gdb's numbers on the line", "[gdb]") {
    // include/gdb/signals.def
    CHECK(gdb_signal_of(Signal::Bus) == 10);
    CHECK(gdb_signal_of(Signal::Usr1) == 30);
    CHECK(gdb_signal_of(Signal::Chld) == 20);
    CHECK(gdb_signal_of(static_cast<Signal>(34)) == 46);
    for (int number = 1; number <= kSignalCount; ++number) {
        const auto signal = static_cast<Signal>(number);
        if (signal == Signal::StkFlt) continue;  // gdb has none
        CHECK(signal_of_gdb(gdb_signal_of(signal)) == signal);
    }
}

TEST_CASE("stops are told with their thread", "[gdb]") {
    const GdbThread thread{1000, 1001};
    CHECK(stop_reply({}, thread) == "T05thread:p3e8.3e9;");
    CHECK(stop_reply({.kind = StopKind::WriteWatch, .address = VAddr(0x7ff0)}, thread) ==
          "T05watch:7ff0;thread:p3e8.3e9;");
    CHECK(stop_reply({.kind = StopKind::Forked, .child = {1002, 1002}}, thread) ==
          "T05fork:p3ea.3ea;thread:p3e8.3e9;");
    CHECK(stop_reply({.kind = StopKind::Executed, .path = "/bin/ls"}, thread) ==
          "T05exec:2f62696e2f6c73;thread:p3e8.3e9;");
    CHECK(exit_reply(ExitKind::Exited, 3, 1000) == "W03;process:3e8");
    CHECK(exit_reply(ExitKind::Signalled, 11, 1000) == "X0b;process:3e8");
}

TEST_CASE("where gdb comes from is read, and what is none is refused", "[gdb]") {
    CHECK(std::holds_alternative<GdbOnStdio>(*parse_gdb_place("-")));
    CHECK(std::get<GdbOnPort>(*parse_gdb_place("1234")).host == "127.0.0.1");
    CHECK(std::get<GdbOnPort>(*parse_gdb_place("0.0.0.0:99")).host == "0.0.0.0");
    CHECK(std::get<GdbOnPort>(*parse_gdb_place("localhost:99")).port == 99);
    CHECK(std::get<GdbOnPath>(*parse_gdb_place("unix:/tmp/s")).path == "/tmp/s");
    for (const char* wrong : {"", "x", "65536", "-1", "1.2.3:5", "host:5", "unix:", "12a"}) {
        CAPTURE(wrong);
        const auto place = parse_gdb_place(wrong);
        REQUIRE_FALSE(place);
        CHECK(place.error().where == "--gdb");
    }
}

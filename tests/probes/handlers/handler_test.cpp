// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/handler.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "probes/handlers/bpftrace_handler.h"

using namespace uprobesim;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> names(const std::vector<HandlerPart>& parts) {
    std::vector<std::string> all;
    all.reserve(parts.size());
    for (const HandlerPart& part : parts) all.emplace_back(kernel_path_info(part.use.path).name);
    return all;
}

ProbeHandler parsed(const std::string& text) {
    auto handler = parse_handler(text, "mine.toml", "mine.toml");
    if (!handler) FAIL(handler.error().line());
    return std::move(*handler);
}

UserError refused(const std::string& text) {
    const auto handler = parse_handler(text, "mine.toml", "mine.toml");
    REQUIRE_FALSE(handler);
    return handler.error();
}

BpftraceHandler action(const std::string& program) {
    const auto clauses = read_bpftrace_program(program, "program");
    REQUIRE(clauses);
    return bpftrace_handlers(*clauses).front();
}

bool calls(const BpftraceHandler& handler, KernelPath path) {
    return std::any_of(handler.handler->parts.begin(), handler.handler->parts.end(),
                       [&](const HandlerPart& part) { return part.use.path == path; });
}

}  // namespace

TEST_CASE("a handler's file says how its program is attached", "[handlers]") {
    const std::string ktime = "description = \"x\"\ncalls = [{ call = \"ktime\" }]\n";
    CHECK(parsed(ktime).link == ConsumerLink::Event);
    CHECK(parsed(ktime + "link = \"uprobe-multi\"").link == ConsumerLink::UprobeMulti);
    const ProbeHandler session = parsed(ktime + "link = \"uprobe-session\"");
    CHECK(session.link == ConsumerLink::UprobeSession);
    CHECK(session.at_entry == session.parts);
    const ProbeHandler pair = parsed(ktime + "link = \"uprobe-session\"\n[entry]\ninsns = 3");
    CHECK(names(pair.at_entry) == std::vector<std::string>{"bpf.insn"});
    CHECK(names(pair.parts) == std::vector<std::string>{"bpf.ktime"});
    const UserError wrong = refused(ktime + "link = \"perf\"");
    CHECK_THAT(wrong.line(), Contains("'link' is 'perf'") && Contains("uprobe-multi"));
}

TEST_CASE("a handler stands after == of a spec, which may itself hold =", "[handlers]") {
    const struct {
        const char* word;
        const char* spec;
        const char* handler;
    } cases[] = {
        {"uprobe:/bin/a:main==count", "uprobe:/bin/a:main", "count"},
        {"uprobe:/bin/a:main,f==ustack:20", "uprobe:/bin/a:main,f", "ustack:20"},
        {"uprobe:/bin/a:main==./mine.toml", "uprobe:/bin/a:main", "./mine.toml"},
        {"uprobe:/bin/a:main==coutn", "uprobe:/bin/a:main", "coutn"},
        {"uprobe:/bin/a:main", "uprobe:/bin/a:main", ""},
        {"-x /bin/a mine=main", "-x /bin/a mine=main", ""},
        {"uprobe:/bin/a:cpp:\"operator==\"", "uprobe:/bin/a:cpp:\"operator==\"", ""},
        {"uprobe:/bin/a:operator==", "uprobe:/bin/a:operator==", ""},
        {"uprobe:/bin/a:operator==(A, B)", "uprobe:/bin/a:operator==(A, B)", ""},
        {"uprobe:/bin/a:operator====hist", "uprobe:/bin/a:operator==", "hist"},
        {"uprobe:/tmp/a==b:main", "uprobe:/tmp/a==b:main", ""},
        {"uprobe:\"/tmp/a==count\":100", "uprobe:\"/tmp/a==count\":100", ""},
    };
    for (const auto& c : cases) {
        INFO(c.word);
        const SpecAndHandler split = split_handler(c.word);
        CHECK(split.spec == c.spec);
        CHECK(split.handler == c.handler);
    }
}

TEST_CASE("a handler that is not there is refused, with one that is like it", "[handlers]") {
    const auto wrong = find_handler("coutn");
    REQUIRE_FALSE(wrong);
    CHECK_THAT(wrong.error().what, Contains("no handler 'coutn'"));
    CHECK_THAT(wrong.error().hint, Contains("did you mean 'count'"));
    const auto stranger = find_handler("zzzzzzz");
    REQUIRE_FALSE(stranger);
    CHECK_THAT(stranger.error().hint, Contains("ustack:DEPTH"));
}

TEST_CASE("a handler's argument is needed, refused or limited as its file says", "[handlers]") {
    const struct {
        const char* word;
        const char* what;
    } cases[] = {
        {"ustack", "'ustack' needs DEPTH"},
        {"ustack:0", "DEPTH of 'ustack' is 0"},
        {"ustack:128", "DEPTH of 'ustack' is 128"},
        {"count:3", "'count' takes no argument"},
        {"printf:", "'' is no number"},
        {"ustack:99999999999999999999", "is no number"},
    };
    for (const auto& c : cases) {
        INFO(c.word);
        const auto handler = find_handler(c.word);
        REQUIRE_FALSE(handler);
        CHECK_THAT(handler.error().what, Contains(c.what));
        CHECK_FALSE(handler.error().hint.empty());
    }
    CHECK(find_handler("ftrace"));
    CHECK(find_handler("ftrace:3"));
}

TEST_CASE("each built-in handler can be read and says what it is", "[handlers]") {
    const auto forms = builtin_handler_forms();
    CHECK(forms.size() == builtin_handlers().size());
    for (const HandlerSynopsis& form : forms) CHECK_FALSE(form.meaning.empty());
}

TEST_CASE("a described handler becomes the paths of its instructions, frame and calls",
          "[handlers]") {
    const ProbeHandler handler = parsed(R"(
description = "mine"
insns = 40
stack = true
saved-registers = 3
source = "counted"
confidence = "low"
calls = [
  { call = "hash.lookup", size = 16 },
  { call = "stack-id", size = 20 },
  { call = "ktime", times = 2 },
]
)");
    CHECK(names(handler.parts) == std::vector<std::string>{"bpf.insn", "bpf.frame",
                                                           "bpf.hash.lookup", "bpf.stack-id",
                                                           "bpf.ktime", "bpf.ktime"});
    CHECK(handler.parts[0].use.units == 40);
    CHECK(handler.parts[1].use.units == 2);  // r6, r7, r8 and the frame pointer
    CHECK(handler.parts[2].use.units == 8);  // beyond 8 bytes
    CHECK(handler.parts[3].use.units == 19);
    CHECK(handler.parts[3].walks_stack);
}

TEST_CASE("a mistake in a described handler is told with file, line and key", "[handlers]") {
    const std::string head = "description = \"d\"\n";
    const struct {
        const char* line;
        const char* what;
        const char* hint;
    } cases[] = {
        {"insn = 3", "insn", ""},
        {"calls = [{ call = \"hash.lokup\", size = 8 }]", "no call 'hash.lokup'", "hash.lookup"},
        {"calls = [{ call = \"hash.lookup\" }]", "needs a size", "bytes of the key"},
        {"calls = [{ call = \"ktime\", size = 8 }]", "no use for a size", "leave it out"},
        {"calls = [3]", "'calls[0]' is not a table", ""},
        {"calls = 3", "'calls' is not a list", ""},
        {"stack = 1", "'stack' is not true or false", ""},
        {"saved-registers = 5", "'saved-registers' is 5", "from 0 to 4"},
        {"consumer = \"some\"", "'consumer' is 'some'", "none"},
        {"insns = 3", "missing 'source'", ""},
    };
    for (const auto& c : cases) {
        INFO(c.line);
        const UserError error = refused(head + c.line + "\n");
        CHECK_THAT(error.where, Contains("mine.toml"));
        CHECK_THAT(error.what, Contains(c.what));
        CHECK_THAT(error.hint, Contains(c.hint));
    }
    CHECK_THAT(refused("insns = 1\n").what, Contains("missing 'description'"));
}

TEST_CASE("a stack is as deep as it is, up to what is kept", "[handlers]") {
    const auto handler = find_handler("ustack:10");
    REQUIRE(handler);
    const auto frames = [&](std::optional<std::uint64_t> depth) {
        for (const PathUse& use : uses_of((*handler)->parts, depth)) {
            if (use.path == KernelPath::BpfStackId) return use.units + 1;
        }
        return std::uint64_t{0};
    };
    const auto is_cut = [&](std::uint64_t depth) {
        const auto uses = uses_of((*handler)->parts, depth);
        return std::any_of(uses.begin(), uses.end(),
                           [](const PathUse& use) { return use.path == KernelPath::BpfStackCut; });
    };
    CHECK(frames(1) == 1);
    CHECK(frames(7) == 7);
    CHECK(frames(10) == 10);
    CHECK(frames(50) == 10);
    CHECK(frames(std::nullopt) == 10);
    CHECK_FALSE(is_cut(10));
    CHECK(is_cut(11));
}

TEST_CASE("what a bpftrace action has that is not understood is named", "[handlers]") {
    const auto unknown = action("u:/b:f { @[path(arg0)] = count(); foo(1); }");
    CHECK(unknown.notes ==
          std::vector<std::string>{"'path()' is not in the price", "'foo()' is not in the price"});
    CHECK_THAT(action("u:/b:f /pid == 3/ { @ = count(); }").notes.front(), Contains("filter"));
    CHECK_THAT(action("u:/b:f { printf(\"%s\", str(arg0)); }").notes.front(),
               Contains("20 characters"));
    CHECK_THAT(action("u:/b:f { while ($i < 3) { $i++; } }").notes.front(),
               Contains("'while' is priced once"));
    CHECK(action("u:/b:f { $x = (uint64)arg0; @y[$x, tid] = nsecs; }").notes.empty());
}

TEST_CASE("the parts of a bpftrace action follow from its statements", "[handlers]") {
    CHECK(calls(action("u:/b:f { @s[tid] = nsecs; }"), KernelPath::BpfHashUpdate));
    CHECK(calls(action("u:/b:f { @s[tid] = nsecs; } u:/b:g { delete(@s[tid]); }"),
                KernelPath::BpfHashInsert));
    CHECK(calls(action("u:/b:f { if (arg0 > 3) { @[comm] = count(); } else { @z++; } }"),
                KernelPath::BpfHashLookup));
    CHECK(calls(action("u:/b:f { @ = sum(*(uint64*)arg0); }"), KernelPath::BpfReadUser));
    CHECK(calls(action("u:/b:f { print(@x); }"), KernelPath::BpfPerfOutputWakeup));
    CHECK(action("u:/b:f { // nothing\n }").handler->parts.empty());
}

TEST_CASE("an action that is cut off is read as far as it goes", "[handlers]") {
    for (const char* text : {"@",       "@x[",      "@x[1",       "@x[1]", "@x =", "@x = hist(",
                             "printf(", "delete(@", "delete(@x[", "if (",  "if",   "str(",
                             "ustack(", "$x =",     "\"",         "*",     "->",   "}",
                             "{",       "((((",     "@a[@b[@c["}) {
        INFO(text);
        BpftraceClause clause;
        clause.action = text;
        clause.predicate = text;
        CHECK(bpftrace_handlers({clause}).size() == 1);
    }
}

TEST_CASE("an action that nests without end is named, not followed", "[handlers]") {
    BpftraceClause values, blocks;
    values.action = "@x = ";
    for (int i = 0; i < 100000; ++i) {
        values.action += "@a[";
        blocks.action += "{";
    }
    CHECK_THAT(bpftrace_handlers({values}).front().notes.front(), Contains("nest too deep"));
    CHECK_THAT(bpftrace_handlers({blocks}).front().notes.front(), Contains("nest too deep"));
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/spec.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

namespace {

std::vector<ProbeSpec> read(const std::string& text, SpecUse use = SpecUse::Attach) {
    INFO(text);
    auto specs = parse_probe_specs(text, use);
    if (!specs) FAIL(specs.error().line());
    return std::move(*specs);
}

ProbeSpec one(const std::string& text) {
    auto specs = read(text);
    INFO(text);
    REQUIRE(specs.size() == 1);
    return specs.front();
}

std::vector<std::string> texts(const std::string& text) {
    std::vector<std::string> all;
    for (const ProbeSpec& spec : read(text)) all.push_back(spec.text);
    return all;
}

}  // namespace

TEST_CASE("specs are read as bpftrace and perf users write them", "[spec]") {
    CHECK(one("uprobe:/bin/grep:main").symbol == "main");
    CHECK(one("u:/bin/grep:main").text == "uprobe:/bin/grep:main");
    CHECK(one("uretprobe:/bin/grep:main").kind == ProbeSpec::Kind::Uretprobe);
    CHECK(one("ur:/bin/grep:main").kind == ProbeSpec::Kind::Uretprobe);
    CHECK(one("uprobe:/bin/grep:main%return").text == "uretprobe:/bin/grep:main");
    CHECK(one("uprobe:/bin/grep:main+4").offset == 4);
    CHECK(one("uprobe:/bin/grep:main+0x10").offset == 16);
    CHECK(one("uprobe:/bin/grep:0xbaa0").raw_offset == 0xbaa0u);
    CHECK(one("uprobe:/bin/grep:4096").raw_offset == 4096u);
    CHECK(one("uprobe:/bin/grep:fn_*").has_wildcard());
    CHECK(one("uprobe:/lib/libx.so:open@@X_2.1+4").symbol == "open@@X_2.1");
    CHECK(one("uprobe:libc:malloc").binary == "libc");
    CHECK(one("uprobe:/t/app.apk!/lib/libx.so:plug").binary == "/t/app.apk!/lib/libx.so");
}

TEST_CASE("the binary ends at the last colon outside of brackets", "[spec]") {
    // Paths may hold what separates elsewhere.
    for (const std::string path :
         {"/opt/a:b/c", "/opt/plat007,shared/prog", "/opt/two words/prog",
          "/opt/jdk-17.0.8+7/bin/java", "/opt/with#hash/x", "/opt/a(b/c"}) {
        const ProbeSpec spec = one("uprobe:" + path + ":main");
        CHECK(spec.binary == path);
        CHECK(spec.symbol == "main");
    }
    // So may names: those of Go, C++, Rust and Objective-C.
    for (const std::string name :
         {"main.(*Server).Handle", "main.Map[go.shape.int,go.shape.string]", "plus+four",
          "type..eq.[2]interface {}", "-[Thing doIt:with:]", "ns::f(int, char const*)",
          "std::map<int, int>::operator<<(int)", "operator->", "core::fmt::{closure#0}",
          "<demo::Look as core::cmp::PartialEq>::eq", "helper.constprop.0", "main+x"}) {
        const ProbeSpec spec = one("uprobe:/t/a:" + name);
        INFO(name);
        CHECK(spec.binary == "/t/a");
        CHECK(spec.symbol == name);
        CHECK(spec.offset == 0);
    }
}

TEST_CASE("what stands in quotes is a name, whatever it holds", "[spec]") {
    CHECK(one("uprobe:/t/a:\"plus+4\"").symbol == "plus+4");
    CHECK(one("uprobe:/t/a:\"plus+4\"+8").offset == 8);
    CHECK(one("uprobe:/t/a:\"f,uprobe:/x:y\"").symbol == "f,uprobe:/x:y");
    CHECK(one("uprobe:\"/a,uprobe:/b\":main").binary == "/a,uprobe:/b");
    CHECK(one("uprobe:/t/a:\"say \\\"hi\\\"\"").symbol == "say \"hi\"");
    CHECK(one("uprobe:/t/a:\"0x10\"").symbol == "0x10");
    CHECK(one("uprobe:/t/a:\"open").symbol == "\"open");
    const ProbeSpec cpp = one("uprobe:/t/a:cpp:\"ns::f(int)\"");
    CHECK(cpp.language == ProbeSpec::Language::Cpp);
    CHECK(cpp.symbol == "ns::f(int)");
    CHECK(one("uprobe:/t/a:cpp:ns::f").symbol == "ns::f");
    CHECK(one("uprobe:/t/a:cpp").symbol == "cpp");
}

TEST_CASE("commas separate probes, or more symbols of one binary", "[spec]") {
    const auto specs = read("uprobe:/bin/grep:main,free,u:/lib/libc.so.6:malloc+8,0x40");
    REQUIRE(specs.size() == 4);
    CHECK(specs[1].text == "uprobe:/bin/grep:free");
    CHECK(specs[2].binary == "/lib/libc.so.6");
    CHECK(specs[3].raw_offset == 0x40u);
    CHECK(specs[3].binary == "/lib/libc.so.6");
    CHECK(texts("uprobe:/t/a:cpp:\"x::y\",cpp:\"z::w(int, int)\"+8,main") ==
          std::vector<std::string>{"uprobe:/t/a:cpp:x::y", "uprobe:/t/a:cpp:z::w(int, int)+8",
                                   "uprobe:/t/a:main"});
    CHECK(texts("uprobe:/t/a,b:f,\n  ur:/t/c:g") ==
          std::vector<std::string>{"uprobe:/t/a,b:f", "uretprobe:/t/c:g"});
}

TEST_CASE("USDT probes have a provider and a name", "[spec]") {
    const ProbeSpec spec = one("usdt:/opt/a:b/c:demo:t*");
    CHECK(spec.kind == ProbeSpec::Kind::Usdt);
    CHECK(spec.binary == "/opt/a:b/c");
    CHECK(spec.provider == "demo");
    CHECK(spec.symbol == "t*");
    CHECK(one("U:/t/a:tick").provider.empty());
    CHECK(texts("usdt:/t/a:demo:tick,tock,other:x,U:/t/b:y") ==
          std::vector<std::string>{"usdt:/t/a:demo:tick", "usdt:/t/a:demo:tock",
                                   "usdt:/t/a:other:x", "usdt:/t/b:y"});
}

TEST_CASE("an event of perf in one word is taken whole", "[spec]") {
    for (const std::string name : {"operator new*", "main other", "-bad", "a,uprobe:/b:c"}) {
        INFO(name);
        const auto spec = parse_perf_event("./x y", name, SpecUse::List);
        REQUIRE(spec);
        CHECK(spec->binary == "./x y");
        CHECK(spec->symbol == name);
        CHECK(read(spec->text, SpecUse::List).front().symbol == name);
    }
    CHECK(parse_perf_event("/bin/x", "mine=main+4")->text == "uprobe:/bin/x:main+4");
    CHECK(parse_perf_event("/bin/x", "a.c:12")->line == 12);
    CHECK_FALSE(parse_perf_event("/bin/x", ""));
}

TEST_CASE("perf's and the kernel's own forms are read", "[spec]") {
    CHECK(texts("-x /bin/grep main") == std::vector<std::string>{"uprobe:/bin/grep:main"});
    CHECK(texts("perf probe -q -x /bin/grep -a mine=main+4 --add=free%return") ==
          std::vector<std::string>{"uprobe:/bin/grep:main+4", "uretprobe:/bin/grep:free"});
    CHECK(texts("-x /bin/x grp:ev=main %x0 $stack2") ==
          std::vector<std::string>{"uprobe:/bin/x:main"});
    CHECK(texts("p:grp/ev /t/a:0x754(0x2010) arg=%x0") ==
          std::vector<std::string>{"uprobe:/t/a:0x754(0x2010)"});
    CHECK(one("p:grp/ev /t/a:0x754(0x2010)").semaphore == 0x2010u);
    CHECK(texts("r:ev /t/a:0x754") == std::vector<std::string>{"uretprobe:/t/a:0x754"});
}

TEST_CASE("a source line is told by its file's ending", "[spec]") {
    for (const char* text :
         {"uprobe:/bin/x@src/foo.c:12", "uprobe:/bin/x:src/foo.c:12", "-x /bin/x src/foo.c:12"}) {
        const ProbeSpec spec = one(text);
        INFO(text);
        CHECK(spec.binary == "/bin/x");
        CHECK(spec.source == "src/foo.c");
        CHECK(spec.line == 12);
        CHECK(spec.text == "uprobe:/bin/x@src/foo.c:12");
    }
    CHECK(one("uprobe:/opt/x@1.2/bin/y:4096").raw_offset == 4096u);
}

TEST_CASE("to list, a spec may leave out the place, and name a file of the host", "[spec]") {
    CHECK(read("uprobe:./pie", SpecUse::List).front().symbol == "*");
    CHECK(read("usdt:/bin/x", SpecUse::List).front().symbol == "*");
    CHECK(read("-x ./pie", SpecUse::List).front().binary == "./pie");
    CHECK_FALSE(parse_probe_specs("uprobe:./pie:main"));
}

TEST_CASE("a spec's text reads as the spec again", "[spec]") {
    for (const char* text :
         {"uprobe:/bin/grep:main", "uprobe:/t/a:\"plus+4\"+8", "uprobe:\"/a,uprobe:/b\":main",
          "usdt:\"/t/a:b\":\"c:d\"", "uprobe:/t/a:\"a\\\\b\\\"c,d\"", "p /t/a:0x754(0x2010)",
          "uprobe:/t/a:cpp:\"x(int), y\"", "uprobe:/t/a@b.c:3"}) {
        const ProbeSpec spec = one(text), again = one(spec.text);
        INFO(spec.text);
        CHECK(again.text == spec.text);
        CHECK(again.binary == spec.binary);
        CHECK(again.provider == spec.provider);
        CHECK(again.symbol == spec.symbol);
        CHECK(again.offset == spec.offset);
        CHECK(again.semaphore == spec.semaphore);
    }
}

TEST_CASE("a spec that cannot be read says what, where and how", "[spec]") {
    for (const char* text : {"",
                             "main",
                             "uprobe:",
                             "uprobe:/bin/grep",
                             "uprobe:/bin/grep:",
                             "uprobe::main",
                             "kprobe:/bin/grep:main",
                             "tracepoint:syscalls:sys_enter_openat",
                             "uprobe:/bin/grep:+4",
                             "uprobe:/bin/grep:0x",
                             "uprobe:/bin/grep:0xg",
                             "uprobe:/bin/grep:99999999999999999999",
                             "uprobe:/bin/grep:main,",
                             "u:/bin/a:b,k:/c:d",
                             "usdt:/bin/x",
                             "-x /bin/x",
                             "-x main",
                             "-x /bin/x main:3",
                             "-x /bin/x main;return",
                             "p:ev /t/a:main",
                             "uprobe:./pie:job"}) {
        INFO(text);
        const auto specs = parse_probe_specs(text);
        REQUIRE_FALSE(specs);
        const std::string line = specs.error().line();
        CHECK_FALSE(line.empty());
        CHECK(line.find('\n') == std::string::npos);
        CHECK_FALSE(specs.error().hint.empty());
    }
}

TEST_CASE("a probe of the kernel is told as such", "[spec]") {
    const auto specs = parse_probe_specs("kprobe:do_sys_open");
    REQUIRE_FALSE(specs);
    CHECK(specs.error().what.find("is no probe of a program") != std::string::npos);
}

TEST_CASE("what is being written of a spec is told for completion", "[spec]") {
    const auto place = [](const char* text) {
        const auto spec = unfinished_spec(text);
        return spec ? std::string(spec->binary) + "|" + std::string(text).substr(spec->word)
                    : std::string("-");
    };
    CHECK(place("uprobe:/bin/gr") == "|/bin/gr");
    CHECK(place("uprobe:/bin/grep:ma") == "/bin/grep|ma");
    CHECK(place("uprobe:/bin/grep:main,fr") == "/bin/grep|fr");
    CHECK(place("uprobe:/opt/a,b:f") == "/opt/a,b|f");
    CHECK(place("usdt:/bin/x:demo:ti") == "/bin/x|demo:ti");
    CHECK(place("usdt:/bin/x:de") == "/bin/x|de");
    CHECK(place("kprobe:x") == "-");
}

TEST_CASE("wildcards match as a shell's do", "[spec]") {
    CHECK(matches_wildcard("*", ""));
    CHECK(matches_wildcard("*", "main"));
    CHECK(matches_wildcard("ma?n", "main"));
    CHECK(matches_wildcard("m*n*", "main_n"));
    CHECK(matches_wildcard("*alloc", "malloc_calloc"));
    CHECK_FALSE(matches_wildcard("ma?n", "man"));
    CHECK_FALSE(matches_wildcard("m*x", "main"));
    CHECK_FALSE(matches_wildcard("main", "main2"));
    CHECK_FALSE(matches_wildcard("", "a"));
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/demangle.h"

// libiberty.h would declare basename() in another way than <cstring> does.
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>

#include <algorithm>
#include <array>
#include <csetjmp>

namespace uprobesim {
namespace {

// A short name can stand for a text that is exponentially long: what it repeats may repeat again.
// The demangler's callback cannot tell it to stop, so it is left where it is. It is a C function
// that keeps what it works with on the stack, but for the letters of a Rust identifier in punycode:
// it allocates them, and they leak where it is left while it prints them.
constexpr std::size_t kMostBytes = std::size_t{64} << 10;
constexpr std::size_t kMostMangled = std::size_t{16} << 10;

struct Sink {  // NOLINT(cppcoreguidelines-pro-type-member-init): the text is not written ahead
    std::size_t size = 0;
    std::jmp_buf full = {};
    // What is before `size`; the rest is never written.
    std::array<char, kMostBytes> text;
};

void append(const char* piece, std::size_t size, void* opaque) {
    auto& sink = *static_cast<Sink*>(opaque);
    if (size > kMostBytes - sink.size)
        std::longjmp(sink.full, 1);  // NOLINT(cert-err52-cpp): see above
    std::copy_n(piece, size, sink.text.data() + sink.size);
    sink.size += size;
}

using Demangler = int (*)(const char*, int, demangle_callbackref, void*);

// Nothing here has a destructor that leaving by longjmp would skip.
bool run(Demangler demangler, const char* name, int options, Sink& sink) {
    if (setjmp(sink.full) != 0) return false;  // NOLINT(cert-err52-cpp): see above
    return demangler(name, options, append, &sink) != 0;
}

int options_of(NameForm form) {
    switch (form) {
        case NameForm::Full: return DMGL_PARAMS | DMGL_ANSI;
        case NameForm::NoReturnType: return DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP;
        case NameForm::NameOnly: return DMGL_ANSI;
    }
    return 0;
}

bool is_base62(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether a name of Rust's v0 mangling may have a "for<...>" of more than 63 lifetimes: "G", a
// number in base 62 and "_" after an F (function type) or a D (dyn type). Where the demangler
// prints nothing, its loop over them, as many as 2^64, calls nothing that could stop it.
bool has_many_lifetimes(std::string_view name) {
    for (std::size_t at = name.find('G'); at != name.npos; at = name.find('G', at + 1)) {
        if (at == 0 || (name[at - 1] != 'F' && name[at - 1] != 'D')) continue;
        std::size_t end = at + 1;
        while (end < name.size() && is_base62(name[end])) ++end;
        if (end - at > 2 && end < name.size() && name[end] == '_') return true;
    }
    return false;
}

// _ZN...17h<16 hexadecimal digits>E
bool is_legacy_rust(std::string_view name) {
    constexpr std::size_t kHash = 16;
    constexpr std::string_view kMark = "17h";
    if (!name.starts_with("_ZN") || !name.ends_with('E') || name.size() < kHash + kMark.size() + 1)
        return false;
    const std::string_view end = name.substr(name.size() - 1 - kHash - kMark.size());
    return end.starts_with(kMark) &&
           std::all_of(end.begin() + kMark.size(), end.end() - 1,
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

ProbeSpec::Language mangling_of(std::string_view name) {
    if (name.starts_with("_R") || is_legacy_rust(name)) return ProbeSpec::Language::Rust;
    return name.starts_with("_Z") ? ProbeSpec::Language::Cpp : ProbeSpec::Language::Any;
}

std::string demangled(const std::string& name, NameForm form) {
    const ProbeSpec::Language language = mangling_of(name);
    if (language == ProbeSpec::Language::Any || name.size() > kMostMangled) return {};
    if (name.starts_with("_R") && has_many_lifetimes(name)) return {};
    Sink sink;
    bool done = language == ProbeSpec::Language::Rust &&
                run(rust_demangle_callback, name.c_str(), options_of(form), sink);
    // What looks like Rust may be a C++ name after all.
    if (!done && name.starts_with("_Z")) {
        sink.size = 0;
        done = run(cplus_demangle_v3_callback, name.c_str(), options_of(form), sink);
    }
    return done ? std::string(sink.text.data(), sink.size) : std::string();
}

}  // namespace uprobesim

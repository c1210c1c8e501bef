// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/insn/capstone_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

#include "sim/base/error.h"

namespace uprobesim {
namespace {

std::string last_error() {
    const char* const text = dlerror();
    return text == nullptr ? "no reason given" : text;
}

class Loader {
public:
    // Of the version whose header this was compiled with: the name that its packages agree on.
    Loader() : library_(dlopen(fmt::format("libcapstone.so.{}", CS_API_MAJOR).c_str(), RTLD_LAZY)) {
        if (library_ == nullptr) throw HostError("loading Capstone", last_error());
    }
    template <class Function>
    void find(Function*& function, const char* name) const {
        function = reinterpret_cast<Function*>(dlsym(library_, name));
        if (function == nullptr) throw HostError("loading Capstone", last_error());
    }

private:
    void* library_;
};

CapstoneLibrary load() {
    const Loader loader;
    CapstoneLibrary c{};
    loader.find(c.open, "cs_open");
    loader.find(c.close, "cs_close");
    loader.find(c.option, "cs_option");
    loader.find(c.allocate, "cs_malloc");
    loader.find(c.free, "cs_free");
    loader.find(c.disassemble, "cs_disasm_iter");
    loader.find(c.registers, "cs_regs_access");
    loader.find(c.error_text, "cs_strerror");
    loader.find(c.version, "cs_version");
    return c;
}

}  // namespace

const CapstoneLibrary& capstone() {
    static const CapstoneLibrary library = load();
    return library;
}

}  // namespace uprobesim

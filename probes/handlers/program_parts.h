// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of a handler put together: instructions, frame and calls become uses of kernel paths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/handlers/handler.h"

namespace uprobesim {

// A helper, a map operation or a consumer that is no BPF program, by its kernel path.
struct HandlerCall {
    KernelPath path{};

    bool takes_size() const { return !kernel_path_info(path).unit.empty(); }
    // "bytes of the key"
    std::string_view size_meaning() const;
    // Of a size as a user says it: 16 bytes of a key, 20 frames.
    std::uint64_t units(std::uint64_t size) const;
    bool walks_stack() const;
};
// "hash.lookup": the path's name without "bpf.", or "consumer.ftrace".
std::optional<HandlerCall> find_handler_call(std::string_view name);
std::vector<std::string> handler_call_names();

class ProgramParts {
public:
    // BPF instructions as arm64 ones, those of calls left out.
    void insns(std::uint64_t count) { insns_ += count; }
    // Of a program that uses its stack and `saved` of r6 to r9, and of one that has no stack.
    static HandlerPart frame(std::uint64_t saved);
    static HandlerPart saved(std::uint64_t saved);
    void stack(std::uint64_t saved);
    void call(HandlerCall call, std::uint64_t size = 0);
    void call(KernelPath path, std::uint64_t size = 0) { this->call(HandlerCall{path}, size); }

    bool empty() const { return insns_ == 0 && calls_.empty(); }
    std::vector<HandlerPart> list() &&;

private:
    std::uint64_t insns_ = 0;
    std::optional<std::uint64_t> pairs_;
    std::vector<HandlerPart> calls_;
};

}  // namespace uprobesim

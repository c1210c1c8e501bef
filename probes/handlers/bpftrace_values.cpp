// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpftrace_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "probes/handlers/bpftrace_handler.h"

namespace uprobesim {
namespace {

using TokenKind = BpftraceToken::Kind;

constexpr std::uint64_t kValueBytes = 8;
constexpr std::uint64_t kText = 64;  // BPFTRACE_STRLEN
constexpr std::uint64_t kMostFrames = 127;

// Functions of values that call nothing, and words of types in casts.
constexpr std::array<std::string_view, 24> kFree = {
    "reg",  "sizeof", "uaddr", "kaddr", "cgroupid", "usym",   "ksym",   "macaddr",
    "int8", "int16",  "int32", "int64", "uint8",    "uint16", "uint32", "uint64",
    "int",  "char",   "long",  "short", "unsigned", "struct", "void",   "bool"};

template <class Words>
bool has(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// arg0, sarg1
bool is_argument(std::string_view word) {
    for (const std::string_view head : {"arg", "sarg"}) {
        if (!word.starts_with(head)) continue;
        const std::string_view digits = word.substr(head.size());
        if (!digits.empty() &&
            std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
            return true;
    }
    return false;
}

std::optional<std::uint64_t> number_of(BpftraceTokens tokens) {
    if (tokens.size() != 1 || tokens.front().kind != TokenKind::Number) return std::nullopt;
    const std::string_view text = tokens.front().text;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// What stands between the brackets that open at `open`; `end` becomes where they close.
BpftraceTokens inside(BpftraceTokens tokens, std::size_t open, std::size_t& end) {
    end = std::min(closing_of(tokens, open), tokens.size() - 1);
    return tokens.subspan(open + 1, std::max(end, open + 1) - open - 1);
}

}  // namespace

void BpftraceValues::note(std::string text) {
    if (!has(notes_, text)) notes_.push_back(std::move(text));
}

// Every program but the emptiest keeps keys and values on its stack.
std::vector<HandlerPart> BpftraceValues::parts() && {
    constexpr std::uint64_t kSavedRegisters = 2;
    if (!parts_.empty()) parts_.stack(kSavedRegisters);
    return std::move(parts_).list();
}

std::uint64_t BpftraceValues::key(BpftraceTokens keys) {
    if (keys.empty()) {
        insns(costs_.statements.value);
        return kValueBytes;
    }
    std::uint64_t size = 0;
    for (const BpftraceTokens key : split_tokens(keys, ",")) size += value(key);
    return size;
}

std::uint64_t BpftraceValues::value(BpftraceTokens tokens) {
    if (depth_ == kMostBpftraceNesting) {
        note("values that nest too deep are not in the price");
        return kValueBytes;
    }
    ++depth_;
    std::uint64_t size = kValueBytes;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        switch (tokens[at].kind) {
            case TokenKind::Map: at = read_map(tokens, at); break;
            case TokenKind::Text: size = std::max(size, kText); break;
            case TokenKind::Word: size = std::max(size, word(tokens, at)); break;
            case TokenKind::Variable: insns(costs_.statements.value); break;
            case TokenKind::Number: break;
            case TokenKind::Sign: sign(tokens, at); break;
        }
    }
    --depth_;
    return size;
}

std::size_t BpftraceValues::read_map(BpftraceTokens tokens, std::size_t at) {
    insns(costs_.statements.read_map);
    std::uint64_t size = kValueBytes;
    if (at + 1 < tokens.size() && tokens[at + 1].is("[")) size = key(inside(tokens, at + 1, at));
    call(KernelPath::BpfHashLookup, size);
    return at;
}

// A builtin, or a function with its arguments. Moves past what it has priced.
std::uint64_t BpftraceValues::word(BpftraceTokens tokens, std::size_t& at) {
    const std::string_view name = tokens[at].text;
    if (is_argument(name)) {
        insns(costs_.statements.value);
        return kValueBytes;
    }
    if (const auto found = costs_.words.find(name); found != costs_.words.end()) {
        insns(found->second.insns);
        if (found->second.call) parts_.call(*found->second.call);
        return found->second.size;
    }
    const bool function = at + 1 < tokens.size() && tokens[at + 1].is("(");
    if (name == "str" || name == "buf" || name == "ustack") {
        std::vector<BpftraceTokens> arguments;
        if (function) arguments = split_tokens(inside(tokens, at + 1, at), ",");
        return name == "ustack" ? walk_stack(arguments) : read_text(name, arguments);
    }
    const bool field = at != 0 && (tokens[at - 1].is("->") || tokens[at - 1].is("."));
    const bool type = at != 0 && tokens[at - 1].is_word("struct");
    if (!field && !type && !has(kFree, name))
        note(fmt::format("'{}{}' is not in the price", name, function ? "()" : ""));
    return kValueBytes;
}

std::uint64_t BpftraceValues::read_text(std::string_view function,
                                        const std::vector<BpftraceTokens>& arguments) {
    insns(costs_.statements.text);
    if (!arguments.empty()) value(arguments.front());
    const auto most = arguments.size() > 1 ? number_of(arguments[1]) : std::nullopt;
    const std::uint64_t size = std::max(kValueBytes, most.value_or(kText));
    if (function == "buf") {
        call(KernelPath::BpfReadUser, size);
        return size;
    }
    note(fmt::format("texts that str() reads are taken to have {} characters", kAssumedTextLength));
    call(KernelPath::BpfReadUserStr, std::min(size, kAssumedTextLength));
    return size;
}

// The key is the stack's number beside the process's.
std::uint64_t BpftraceValues::walk_stack(const std::vector<BpftraceTokens>& arguments) {
    insns(costs_.statements.stack);
    std::uint64_t frames = kMostFrames;
    for (const BpftraceTokens argument : arguments) frames = number_of(argument).value_or(frames);
    call(KernelPath::BpfStackId, frames);
    call(KernelPath::BpfPidTgid);
    return kValueBytes;
}

// A dereference reads the program's memory.
void BpftraceValues::sign(BpftraceTokens tokens, std::size_t at) {
    const BpftraceToken& token = tokens[at];
    const bool operand_before = at != 0 && (tokens[at - 1].kind != TokenKind::Sign ||
                                            tokens[at - 1].is(")") || tokens[at - 1].is("]"));
    if (token.is("->") || (token.is("*") && !operand_before)) {
        insns(costs_.statements.dereference);
        call(KernelPath::BpfReadUser, kValueBytes);
    } else if (!token.is("(") && !token.is(")")) {
        insns(costs_.statements.sign);
    }
}

}  // namespace uprobesim

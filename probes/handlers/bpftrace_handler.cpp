// SPDX-License-Identifier: GPL-2.0-or-later
// Not a compiler: the calls of helpers and map operations follow from the statements, the
// instructions between them, a few per cent of a handler, from what bpftrace emits for statements
// of that kind.
#include "probes/handlers/bpftrace_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "probes/handlers/bpftrace_values.h"

namespace uprobesim {
namespace {

using TokenKind = BpftraceToken::Kind;

constexpr std::uint64_t kMessageId = 8;     // before the values of a printf
constexpr std::uint64_t kAsyncRecord = 16;  // of print, clear, time

// Statements that bpftrace itself carries out, told by a record.
constexpr std::array<std::string_view, 7> kAsync = {"print", "clear", "zero",  "time",
                                                    "exit",  "cat",   "system"};
constexpr std::array<std::string_view, 5> kControl = {"if", "else", "while", "for", "unroll"};

bool is_one_of(BpftraceToken token, std::span<const std::string_view> words) {
    return token.kind == TokenKind::Word &&
           std::find(words.begin(), words.end(), token.text) != words.end();
}

class ActionReader {
public:
    ActionReader(const BpftraceCosts& costs, const std::set<std::string>& deleted)
        : costs_(costs), deleted_(deleted), values_(costs) {}

    void filter(std::string_view predicate) {
        if (predicate.empty()) return;
        const auto tokens = bpftrace_tokens(predicate);
        values_.insns(costs_.statements.filter);
        values_.value(tokens);
        values_.note("the filter is taken to let every hit through");
    }

    void action(std::string_view text) {
        const auto tokens = bpftrace_tokens(text);
        statements(tokens);
    }

    BpftraceHandler done(std::string name) && {
        auto handler = std::make_shared<ProbeHandler>();
        handler->name = std::move(name);
        handler->meaning = "an action of a bpftrace program";
        handler->parts = std::move(values_).parts();
        handler->source = costs_.source;
        return {std::move(handler), values_.notes()};
    }

private:
    void statements(BpftraceTokens tokens) {
        std::size_t at = 0;
        while (at < tokens.size()) {
            if (tokens[at].is(";") || tokens[at].is("}")) {
                ++at;
            } else if (tokens[at].is("{")) {
                at = block(tokens, at);
            } else if (is_one_of(tokens[at], kControl)) {
                at = control(tokens, at);
            } else {
                const std::size_t end = end_of_statement(tokens, at);
                statement(tokens.subspan(at, end - at));
                at = end;
            }
        }
    }

    static std::size_t end_of_statement(BpftraceTokens tokens, std::size_t at) {
        while (at < tokens.size() && !tokens[at].is(";") && !tokens[at].is("}")) {
            const bool bracket = tokens[at].is("(") || tokens[at].is("[");
            at = bracket ? std::min(closing_of(tokens, at) + 1, tokens.size()) : at + 1;
        }
        return at;
    }

    // Past the block that begins here.
    std::size_t block(BpftraceTokens tokens, std::size_t open) {
        const std::size_t end = std::min(closing_of(tokens, open), tokens.size());
        if (depth_ == kMostBpftraceNesting) {
            values_.note("blocks that nest too deep are not in the price");
        } else {
            ++depth_;
            statements(tokens.subspan(open + 1, end - open - 1));
            --depth_;
        }
        return std::min(end + 1, tokens.size());
    }

    // The condition; what depends on it follows as a block.
    std::size_t control(BpftraceTokens tokens, std::size_t at) {
        const std::string_view word = tokens[at].text;
        if (word == "if" || word == "else")
            values_.note("all branches of an 'if' are in the price");
        else
            values_.note(fmt::format("the body of '{}' is priced once", word));
        if (++at == tokens.size() || !tokens[at].is("(")) return at;
        const std::size_t end = std::min(closing_of(tokens, at), tokens.size());
        values_.insns(costs_.statements.filter);
        values_.value(tokens.subspan(at + 1, end - at - 1));
        return std::min(end + 1, tokens.size());
    }

    void statement(BpftraceTokens tokens) {
        const BpftraceToken& first = tokens.front();
        if (first.kind == TokenKind::Map) return map_statement(tokens);
        if (first.kind == TokenKind::Variable && tokens.size() > 2) {
            values_.insns(costs_.statements.value);
            values_.value(tokens.subspan(2));
        } else if (first.kind == TokenKind::Word && tokens.size() > 1 && tokens[1].is("(")) {
            call_statement(tokens);
        } else if (!first.is_word("return")) {
            values_.value(tokens);
        }
    }

    // @name[KEYS] = ..., @name++
    void map_statement(BpftraceTokens tokens) {
        const std::string name(tokens.front().text);
        const bool keyed = tokens.size() > 1 && tokens[1].is("[");
        const std::size_t end = keyed ? closing_of(tokens, 1) : 0;
        const std::size_t sign = end + 1;
        if (sign >= tokens.size()) return;
        const std::uint64_t key =
            values_.key(keyed ? tokens.subspan(2, end - 2) : BpftraceTokens());
        const BpftraceTokens rest = tokens.subspan(sign + 1);
        if (!tokens[sign].is("=")) {
            values_.insns(costs_.statements.increment);
            values_.value(rest);
            values_.call(KernelPath::BpfHashLookup, key);
            values_.call(KernelPath::BpfHashUpdate, key);
            return;
        }
        if (rest.size() > 1 && rest[1].is("(")) {
            const auto how = costs_.aggregations.find(rest.front().text);
            if (how != costs_.aggregations.end())
                return aggregate(how->second, rest, !keyed && how->first == "count", key);
        }
        values_.insns(costs_.statements.assign);
        values_.value(rest);
        values_.call(
            deleted_.contains(name) ? KernelPath::BpfHashInsert : KernelPath::BpfHashUpdate, key);
    }

    void aggregate(const BpftraceCosts::Aggregation& how, BpftraceTokens call, bool is_array,
                   std::uint64_t key) {
        values_.insns(how.insns);
        // The bounds of lhist are constants.
        const auto arguments = arguments_of(call);
        if (!arguments.empty()) values_.value(arguments.front());
        for (std::uint64_t i = 0; i < how.maps; ++i) {
            values_.call(
                is_array ? KernelPath::BpfPercpuArrayLookup : KernelPath::BpfPercpuHashLookup, key);
            values_.call(
                is_array ? KernelPath::BpfPercpuArrayUpdate : KernelPath::BpfPercpuHashUpdate, key);
        }
    }

    // Of NAME(...).
    static std::vector<BpftraceTokens> arguments_of(BpftraceTokens call) {
        const std::size_t end = std::min(closing_of(call, 1), call.size());
        return split_tokens(call.subspan(2, end - 2), ",");
    }

    void call_statement(BpftraceTokens tokens) {
        const std::string_view word = tokens.front().text;
        if (word == "printf") {
            print(arguments_of(tokens));
        } else if (word == "delete") {
            for (const BpftraceTokens map : arguments_of(tokens)) remove(map);
        } else if (is_one_of(tokens.front(), kAsync)) {
            values_.insns(costs_.statements.print);
            output(kAsyncRecord);
        } else {
            values_.value(tokens);
        }
    }

    // The format is none of the record.
    void print(const std::vector<BpftraceTokens>& arguments) {
        values_.insns(costs_.statements.print);
        std::uint64_t size = kMessageId;
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            values_.insns(costs_.statements.printed_value);
            size += values_.value(arguments[i]);
        }
        output(size);
    }

    void output(std::uint64_t size) {
        values_.call(KernelPath::BpfPerfOutput, size);
        values_.call(KernelPath::BpfPerfOutputWakeup);
    }

    void remove(BpftraceTokens map) {
        if (map.empty() || map.front().kind != TokenKind::Map) return;
        values_.insns(costs_.statements.remove);
        const bool keyed = map.size() > 2 && map[1].is("[");
        const std::uint64_t key =
            values_.key(keyed ? map.subspan(2, closing_of(map, 1) - 2) : BpftraceTokens());
        values_.call(KernelPath::BpfHashDelete, key);
    }

    const BpftraceCosts& costs_;
    const std::set<std::string>& deleted_;
    BpftraceValues values_;
    unsigned depth_ = 0;  // of blocks in blocks
};

// The maps that some action deletes from: an assignment to one makes an entry anew.
std::set<std::string> deleted_maps(const std::vector<BpftraceClause>& clauses) {
    std::set<std::string> names;
    for (const BpftraceClause& clause : clauses) {
        const auto tokens = bpftrace_tokens(clause.action);
        for (std::size_t at = 0; at + 2 < tokens.size(); ++at) {
            if (tokens[at].is_word("delete") && tokens[at + 1].is("(") &&
                tokens[at + 2].kind == TokenKind::Map)
                names.emplace(tokens[at + 2].text);
        }
    }
    return names;
}

}  // namespace

std::vector<BpftraceHandler> bpftrace_handlers(const std::vector<BpftraceClause>& clauses) {
    const std::set<std::string> deleted = deleted_maps(clauses);
    const BpftraceCosts costs = bpftrace_costs();
    std::vector<BpftraceHandler> handlers;
    for (const BpftraceClause& clause : clauses) {
        ActionReader reader(costs, deleted);
        reader.filter(clause.predicate);
        reader.action(clause.action);
        handlers.push_back(std::move(reader).done(fmt::format("line {}", clause.line)));
    }
    return handlers;
}

}  // namespace uprobesim

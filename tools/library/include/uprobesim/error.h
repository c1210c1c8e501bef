// SPDX-License-Identifier: GPL-2.0-or-later
// Errors are values: a function of the library returns what was asked for, or why it was not done.
// The library throws nothing but what a function of yours that it calls has thrown.
#pragma once

#include <uprobesim/export.h>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace uprobesim {

struct UPROBESIM_API Error {
    enum class Kind {
        Request,  // a mistake in what was asked for: an option, a file, a probe, a program
        Host,     // the host failed: memory, disk, the CPU engine
    };
    Kind kind = Kind::Request;
    std::string what;   // what is wrong
    std::string where;  // the option, file, line or key; empty: nowhere in particular
    std::string hint;   // what to do about it; empty: nothing is known
    // What the command `uprobesim` exits with: 2 (Request), 3 (Host); where there was no run also
    // 125 (a scenario's program was not ready), 126 and 127 (the program cannot be executed, was
    // not found), 130 (interrupted before there was anything to report).
    int status = 2;

    // "where: what (hint)" on one line; control characters are escaped.
    std::string line() const;
};

// A value of type T, or an Error. To ask for the one that is not there throws
// std::bad_variant_access.
template <class T>
class [[nodiscard]] Expected {
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    Expected() requires std::is_void_v<T>
    = default;
    Expected(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
    Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    const Value& operator*() const& { return std::get<0>(state_); }
    Value& operator*() & { return std::get<0>(state_); }
    Value&& operator*() && { return std::get<0>(std::move(state_)); }
    const Value* operator->() const { return &std::get<0>(state_); }
    Value* operator->() { return &std::get<0>(state_); }
    const Error& error() const { return std::get<1>(state_); }

private:
    std::variant<Value, Error> state_;
};

}  // namespace uprobesim

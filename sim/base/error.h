// SPDX-License-Identifier: GPL-2.0-or-later
// Four kinds of error, each with its own form:
//  - a guest's mistake is an Errno or a signal (kernel_model/abi/errno.h), never a C++ exception;
//  - a user's mistake (flag, file, probe spec, profile) is a UserError by value, printed as one
//    line, exit 2;
//  - a host failure (an engine or disk call that must not fail) is a thrown HostError, exit 3;
//  - our own bug is fail_invariant(): a message and abort().
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace uprobesim {

// What is wrong, where (file:line, flag, key, spec), what to do about it.
struct UserError {
    std::string what;
    std::string where;
    std::string hint;

    // "where: what (hint)" on one line; control characters are escaped.
    std::string line() const;
};

template <class T>
using Result = tl::expected<T, UserError>;
using Outcome = tl::expected<void, UserError>;

inline tl::unexpected<UserError> user_error(std::string what, std::string where = {},
                                            std::string hint = {}) {
    return tl::make_unexpected(UserError{std::move(what), std::move(where), std::move(hint)});
}

struct HostError : std::runtime_error {
    HostError(std::string_view call, std::string_view detail);
};

[[noreturn]] void fail_invariant(std::string_view what);
inline void check_invariant(bool holds, std::string_view what) {
    if (!holds) fail_invariant(what);
}

}  // namespace uprobesim

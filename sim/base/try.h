// SPDX-License-Identifier: GPL-2.0-or-later
// Propagation of errors that are values (sim/base/error.h).
//
//     const HostFd fd = TRY(open_beneath(path));
//
// is the value of a tl::expected, or else returns its error from the function around it. That
// function returns a tl::expected of the same error type, or what can be made of tl::unexpected. A
// statement expression, which GCC and Clang have: C++20 has no other way to return from within an
// expression.
#pragma once

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace uprobesim::detail {

template <class T, class E>
tl::unexpected<E> error_of(tl::expected<T, E>& result) {
    return tl::unexpected<E>(std::move(result).error());
}

template <class T, class E>
T value_of(tl::expected<T, E>& result) {
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace uprobesim::detail

// NOLINTBEGIN(bugprone-macro-parentheses): `result` is a name, `expression` comes in parentheses.
#define UPROBESIM_TRY(expression, result)                          \
    __extension__({                                                \
        auto result = expression;                                  \
        if (!result) return ::uprobesim::detail::error_of(result); \
        ::uprobesim::detail::value_of(result);                     \
    })
#define UPROBESIM_TRY_NAMED(expression, counter) UPROBESIM_TRY(expression, try_result_##counter)
#define UPROBESIM_TRY_EXPANDED(expression, counter) UPROBESIM_TRY_NAMED(expression, counter)
#define TRY(...) UPROBESIM_TRY_EXPANDED((__VA_ARGS__), __COUNTER__)
// NOLINTEND(bugprone-macro-parentheses)

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/indices/polynomial_totals.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <utility>

namespace uprobesim {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr unsigned kMostDegree = 12;
constexpr std::size_t kMostTerms = 500;
// For each term of the polynomial.
constexpr std::size_t kLeastPoints = 3;

// The degree of each axis in a product.
using Term = std::vector<unsigned>;

void add_terms(std::size_t axis, unsigned left, Term& term, std::vector<Term>& terms) {
    if (terms.size() > kMostTerms) return;
    if (axis == term.size()) return terms.push_back(term);
    for (unsigned degree = 0; degree <= left; ++degree) {
        term[axis] = degree;
        add_terms(axis + 1, left - degree, term, terms);
    }
    term[axis] = 0;
}

// Those of a total degree up to this; empty: too many.
std::vector<Term> terms_of(std::size_t axes, unsigned degree) {
    std::vector<Term> terms;
    Term term(axes);
    add_terms(0, degree, term, terms);
    if (terms.size() > kMostTerms) terms.clear();
    return terms;
}

// Legendre's polynomials of x, of the mean square 1 over [-1, 1].
std::vector<double> legendre(double x, unsigned degree) {
    std::vector<double> p = {1, x};
    for (unsigned n = 1; n < degree; ++n)
        p.push_back(((2.0 * n + 1) * x * p[n] - n * p[n - 1]) / (n + 1.0));
    for (unsigned n = 0; n < p.size(); ++n) p[n] *= std::sqrt(2.0 * n + 1);
    return p;
}

MatrixXd products_of(const std::vector<std::vector<double>>& points, const std::vector<Term>& terms,
                     unsigned degree) {
    MatrixXd products(static_cast<Index>(points.size()), static_cast<Index>(terms.size()));
    for (std::size_t row = 0; row < points.size(); ++row) {
        std::vector<std::vector<double>> of_axes;
        for (const double at : points[row]) of_axes.push_back(legendre(2 * at - 1, degree));
        for (std::size_t t = 0; t < terms.size(); ++t) {
            double product = 1;
            for (std::size_t axis = 0; axis < of_axes.size(); ++axis)
                product *= of_axes[axis][terms[t][axis]];
            products(static_cast<Index>(row), static_cast<Index>(t)) = product;
        }
    }
    return products;
}

struct Fit {
    std::vector<Term> terms;
    VectorXd coefficients;
    double explained = -1;
    unsigned degree = 0;
};

// Least squares; each point's residual without it follows from its leverage.
std::optional<Fit> fit(const std::vector<std::vector<double>>& points, const VectorXd& values,
                       unsigned degree) {
    Fit fitted;
    fitted.degree = degree;
    fitted.terms = terms_of(points.front().size(), degree);
    if (fitted.terms.empty() || fitted.terms.size() * kLeastPoints > points.size())
        return std::nullopt;
    const MatrixXd products = products_of(points, fitted.terms, degree);
    const Eigen::LLT<MatrixXd> normal(products.transpose() * products);
    if (normal.info() != Eigen::Success) return std::nullopt;
    fitted.coefficients = normal.solve(products.transpose() * values);
    const VectorXd residuals = values - products * fitted.coefficients;
    const MatrixXd solved = normal.solve(products.transpose());
    double unexplained = 0;
    for (Index row = 0; row < residuals.size(); ++row) {
        const double leverage = products.row(row).dot(solved.col(row));
        if (leverage >= 1) return std::nullopt;
        unexplained += std::pow(residuals[row] / (1 - leverage), 2);
    }
    fitted.explained = 1 - unexplained / (values.array() - values.mean()).square().sum();
    return fitted;
}

}  // namespace

std::optional<PolynomialTotals> polynomial_totals(const std::vector<std::vector<double>>& points,
                                                  const std::vector<double>& values) {
    if (points.empty() || points.front().empty()) return std::nullopt;
    const VectorXd all =
        Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size()));
    if ((all.array() == all[0]).all()) return std::nullopt;
    std::optional<Fit> best;
    for (unsigned degree = 1; degree <= kMostDegree; ++degree) {
        auto fitted = fit(points, all, degree);
        if (!fitted) break;
        if (!best || fitted->explained > best->explained) best = std::move(fitted);
    }
    if (!best || best->explained < kLeastExplained) return std::nullopt;
    PolynomialTotals totals;
    totals.explained = best->explained;
    totals.degree = best->degree;
    totals.totals.resize(points.front().size());
    double variance = 0;
    for (std::size_t t = 0; t < best->terms.size(); ++t) {
        const Term& term = best->terms[t];
        if (std::all_of(term.begin(), term.end(), [](unsigned d) { return d == 0; })) continue;
        const double part = std::pow(best->coefficients[static_cast<Index>(t)], 2);
        variance += part;
        for (std::size_t axis = 0; axis < term.size(); ++axis)
            totals.totals[axis].value += term[axis] == 0 ? 0 : part;
    }
    if (variance <= 0) return std::nullopt;
    for (Share& share : totals.totals) {
        share.value /= variance;
        share.low = share.value * totals.explained;
        share.high = std::min(1.0, share.low + 1 - totals.explained);
    }
    return totals;
}

}  // namespace uprobesim

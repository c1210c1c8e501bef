// SPDX-License-Identifier: GPL-2.0-or-later
// uprobesim._core: the library as Python calls it. What a user of Python sees, and its words, are
// in uprobesim/__init__.py; here is only what must be C++: values over the border, errors as one
// exception, the interpreter's lock, and Ctrl-C.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <uprobesim/uprobesim.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace py = pybind11;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Words = std::vector<std::string>;

uprobesim::Options options_of(const Pairs& pairs) {
    uprobesim::Options options;
    for (const auto& [name, value] : pairs) options.push_back({name, value});
    return options;
}

// The arguments of uprobesim.Error: is it the host's failure, then the error's members.
[[noreturn]] void raise(const uprobesim::Error& e) {
    const py::object make = py::module_::import("uprobesim").attr("_error");
    const py::object error =
        make(e.kind == uprobesim::Error::Kind::Host, e.what, e.where, e.hint, e.status, e.line());
    PyErr_SetObject(py::type::of(error).ptr(), error.ptr());
    throw py::error_already_set();
}

template <class T>
T value_of(uprobesim::Expected<T> result) {
    if (!result) raise(result.error());
    return *std::move(result);
}

template <class Analysis>
uprobesim::Report analysis(const Words& words, const Pairs& options) {
    return value_of([&] {
        const py::gil_scoped_release unlocked;
        return Analysis(words, options_of(options)).run();
    }());
}

template <class Source>
uprobesim::Report whatif(Source source, const Pairs& options) {
    return value_of([&] {
        const py::gil_scoped_release unlocked;
        return uprobesim::WhatIf(std::move(source), options_of(options)).run();
    }());
}

uprobesim::Simulation simulation_of(const Words& program, const Pairs& options,
                                    std::optional<std::string> input, bool host_streams) {
    uprobesim::Simulation simulation(program, options_of(options));
    if (input) simulation.input(*std::move(input));
    if (host_streams) simulation.use_host_streams();
    return simulation;
}

// Python's own handler of SIGINT only takes a note; PyErr_CheckSignals() makes KeyboardInterrupt of
// it, which leaves the run as what a callback throws. In threads other than the main one it does
// nothing.
uprobesim::Report run(const Words& program, const Pairs& options, std::optional<std::string> input,
                      bool host_streams, const py::object& progress, unsigned every_ms) {
    const auto simulation = simulation_of(program, options, std::move(input), host_streams);
    uprobesim::RunControl control;
    control.progress_every_ms = every_ms;
    control.progress = [&progress](const uprobesim::Progress& p) {
        const py::gil_scoped_acquire locked;
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        if (progress.is_none()) return true;
        const py::object wish = progress(p.simulated_ns, p.instructions, p.hits, p.tasks);
        return wish.is_none() || py::cast<bool>(py::bool_(wish));
    };
    return value_of([&] {
        const py::gil_scoped_release unlocked;
        return simulation.run(control);
    }());
}

void check(const Words& program, const Pairs& options, std::optional<std::string> input,
           bool host_streams) {
    const auto checked = simulation_of(program, options, std::move(input), host_streams).check();
    if (!checked) raise(checked.error());
}

uprobesim::Format format_of(const std::string& word) {
    using uprobesim::Format;
    if (word == "text") return Format::Text;
    if (word == "json") return Format::Json;
    if (word == "csv") return Format::Csv;
    if (word == "md") return Format::Markdown;
    if (word == "html") return Format::Html;
    if (word == "svg") return Format::Svg;
    throw py::value_error("'" + word + "' is no format: text, json, csv, md, html or svg");
}

}  // namespace

PYBIND11_MODULE(_core, m) {
    using uprobesim::Report;
    m.doc() = "What of uprobesim is C++; use the module uprobesim.";
    py::class_<Report>(m, "Report")
        .def_property_readonly("command", &Report::command)
        .def_property_readonly("json", &Report::json)
        .def(
            "text",
            [](const Report& r, const std::string& format, bool all) {
                std::string text = r.text(format_of(format), all);
                if (text.empty())
                    throw py::value_error("a report of " + r.command() + " has no charts");
                return text;
            },
            py::arg("format"), py::arg("all"))
        .def_property_readonly("figures", &Report::figures)
        .def_property_readonly("status", &Report::status)
        .def_property_readonly("warnings", &Report::warnings)
        .def_property_readonly("interrupted", &Report::interrupted)
        .def_property_readonly("output", [](const Report& r) { return py::bytes(r.output()); })
        .def_property_readonly("error_output",
                               [](const Report& r) { return py::bytes(r.error_output()); });
    m.def("run", run);
    m.def("check", check);
    m.def("bench", analysis<uprobesim::Bench>);
    m.def("audit", analysis<uprobesim::Audit>);
    m.def("estimate", analysis<uprobesim::Estimate>);
    m.def("whatif", whatif<Report>);
    m.def("whatif_of_file", whatif<std::string>);
    m.def("version", uprobesim::version);
    m.def("engine", [] {
        const auto engine = value_of(uprobesim::engine());
        return std::make_tuple(engine.version, engine.edited, engine.reason);
    });
    m.def("raise_open_file_limit", uprobesim::raise_open_file_limit);
}

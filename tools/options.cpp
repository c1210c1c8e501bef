// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <charconv>
#include <map>
#include <sstream>

namespace uprobesim {
namespace {

namespace po = boost::program_options;
using Words = std::vector<std::string>;

constexpr std::string_view kStepped = "next-20241104";
constexpr std::string_view kEmulated = "next-20241104+stp";
constexpr std::uint64_t kLeastMemory = std::uint64_t{16} << 20;
constexpr std::uint64_t kMostMemory = std::uint64_t{64} << 30;

// A login shell's, without anything of the host's.
const std::map<std::string, std::string> kDefaultEnvironment = {
    {"HOME", "/root"},
    {"LANG", "C"},
    {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    {"TERM", "dumb"},
};

// All values are read as text and checked by us: Boost's number readers accept "-1" as a huge unsigned.
po::typed_value<std::string>* text(const char* name) {
    return po::value<std::string>()->value_name(name);
}
po::typed_value<Words>* list(const char* name) {
    return po::value<Words>()->value_name(name)->composing();
}

po::options_description visible_options(Verb verb) {
    po::options_description all("", 110, 60);
    auto add = all.add_options();
    add("probe,p", list("SPEC"), "a probe, uprobe:BINARY:PLACE; can be repeated");
    if (verb == Verb::Run) {
        add("kernel", text("NAME"), "kernel profile, a name or a TOML file (default next-20241104)");
    } else {
        add("kernels", text("A,B,..."), "kernel profiles, one run each (default next-20241104,next-20241104+stp)");
    }
    add("machine", text("NAME"), "machine profile, a name or a TOML file (default kunpeng916)");
    add("set", list("KEY=VALUE"), "change one figure: machine.KEY or kernel.KEY; can be repeated");
    add("root", text("DIR"), "host folder the guest sees as / (default: $UPROBESIM_SYSROOT, else the fetched sysroot)");
    if (verb == Verb::Run) {
        add("bind", list("HOST:GUEST[:rw]"),
            "show a host file or folder at GUEST, read only unless rw; can be repeated");
    } else {
        add("bind", list("HOST:GUEST"), "show a host file or folder at GUEST; can be repeated");
    }
    if (verb == Verb::Run) add("scratch", text("DIR"), "keep what the guest writes in DIR (default: discarded)");
    add("env", list("K=V"),
        "set a variable of the guest; can be repeated. Otherwise only HOME, LANG, PATH, TERM are set");
    add("cwd", text("DIR"), "the guest's working folder (default /)");
    add("uid", text("N"), "the guest's user id (default 0)");
    add("seed", text("N"), "seed of everything that looks random to the guest (default 1)");
    add("max-insns", text("N"), "stop after N guest instructions (default: no limit)");
    add("memory", text("SIZE"), "the guest's memory, with K, M or G (default 2G)");
    add("output,o", text("FILE"), "write the report to FILE (default: stderr)");
    add("format,f", text("FORMAT"), "text or json (default text)");
    add("help,h", "this text");
    return all;
}

po::options_description all_options(Verb verb) {
    po::options_description all = visible_options(verb);
    all.add_options()("no-counting", "benchmark only: do not count instructions");
    return all;
}

bool takes_value(const po::option_description& option) {
    return option.semantic()->max_tokens() > 0;
}

// How many words belong to the tool; the rest is the guest's.
std::size_t own_words(const Words& words, const po::options_description& options) {
    std::size_t at = 0;
    while (at < words.size()) {
        const std::string& word = words[at];
        if (word.size() < 2 || word.front() != '-' || word == "--") break;
        const bool is_long = word.starts_with("--");
        const std::string name = is_long ? word.substr(2, word.find('=') - 2) : word.substr(0, 2);
        // Boost knows a short option by "-x".
        const po::option_description* option = options.find_nothrow(name, false);
        const bool value_inside = is_long ? word.find('=') != std::string::npos : word.size() > 2;
        at += option != nullptr && takes_value(*option) && !value_inside ? 2 : 1;
    }
    return std::min(at, words.size());
}

class Reader {
public:
    explicit Reader(po::variables_map values) : values_(std::move(values)) {}

    bool given(const char* name) const { return values_.count(name) != 0; }
    std::string one(const char* name, std::string otherwise) const {
        return given(name) ? values_[name].as<std::string>() : otherwise;
    }
    Words all(const char* name) const { return given(name) ? values_[name].as<Words>() : Words{}; }

    Result<std::uint64_t> number(const char* name, std::uint64_t otherwise,
                                 std::uint64_t most = ~std::uint64_t{0}) const {
        if (!given(name)) return otherwise;
        const std::string value = one(name, "");
        std::uint64_t n = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
        if (error != std::errc() || end != value.data() + value.size() || n > most) {
            return user_error(fmt::format("'{}' is not a number from 0 to {}", value, most), fmt::format("--{}", name));
        }
        return n;
    }

private:
    po::variables_map values_;
};

Result<std::uint64_t> parse_size(const std::string& value) {
    constexpr std::string_view kUnits = "KMG";
    std::uint64_t n = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, n);
    unsigned shift = 0;
    bool good = error == std::errc() && end - stop <= 1;
    if (good && stop != end) {
        const std::size_t unit = kUnits.find(*stop);
        good = unit != kUnits.npos;
        shift = good ? 10 * static_cast<unsigned>(unit + 1) : 0;
    }
    if (!good || n > (kMostMemory >> shift) || (n << shift) < kLeastMemory) {
        return user_error(fmt::format("'{}' is not a size from 16M to 64G", value), "--memory",
                          "for example 512M or 4G");
    }
    return n << shift;
}

// At the first '='; nothing where there is none or nothing before it.
struct Pair {
    std::string key, value;
};
Result<Pair> parse_pair(const std::string& word, const char* option, const char* example) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
        return user_error(fmt::format("'{}' is not of the form KEY=VALUE", word), option,
                          fmt::format("for example {} {}", option, example));
    }
    return Pair{word.substr(0, equals), word.substr(equals + 1)};
}

Result<BindMount> parse_bind(const std::string& word) {
    const auto wrong = [&](std::string_view why) {
        return user_error(fmt::format("'{}': {}", word, why), "--bind",
                          "give HOST:GUEST or HOST:GUEST:rw, for example --bind /tmp/texts:/data");
    };
    BindMount bind;
    std::string rest = word;
    if (rest.ends_with(":rw")) {
        bind.writable = true;
        rest.resize(rest.size() - 3);
    } else if (rest.ends_with(":ro")) {
        rest.resize(rest.size() - 3);
    }
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string::npos || colon == 0) return wrong("the guest's path is missing");
    bind.host = rest.substr(0, colon);
    bind.guest = rest.substr(colon + 1);
    if (!bind.guest.starts_with('/')) return wrong("the guest's path must begin with '/'");
    return bind;
}

Result<Words> parse_kernels(const std::string& value) {
    Words kernels;
    std::istringstream in(value);
    for (std::string name; std::getline(in, name, ',');) {
        if (name.empty()) return user_error(fmt::format("'{}' has an empty name", value), "--kernels");
        kernels.push_back(name);
    }
    if (kernels.empty()) return user_error("no kernel is named", "--kernels", "for example --kernels v6.12,v6.13+stp");
    return kernels;
}

Result<Words> guest_environment(const Words& given) {
    std::map<std::string, std::string> variables = kDefaultEnvironment;
    for (const std::string& word : given) {
        auto pair = parse_pair(word, "--env", "LANG=C.UTF-8");
        if (!pair) return tl::make_unexpected(pair.error());
        variables[pair->key] = pair->value;
    }
    Words environment;
    for (const auto& [key, value] : variables) environment.push_back(key + "=" + value);
    return environment;
}

Outcome read_program(const Reader& reader, const Words& guest, ProgramRequest& program) {
    if (guest.empty() || guest.front().empty()) {
        return user_error("no program is given", "", "for example: uprobesim run /bin/true");
    }
    program.arguments = guest;
    auto environment = guest_environment(reader.all("env"));
    if (!environment) return tl::make_unexpected(environment.error());
    program.environment = std::move(*environment);
    program.cwd = reader.one("cwd", "/");
    if (!program.cwd.starts_with('/'))
        return user_error(fmt::format("'{}' is not an absolute guest path", program.cwd), "--cwd");
    const auto uid = reader.number("uid", 0, 0xfffffffeu);
    if (!uid) return tl::make_unexpected(uid.error());
    program.uid = static_cast<std::uint32_t>(*uid);
    return {};
}

Outcome read_simulation(const Reader& reader, const OptionDefaults& defaults, SimulationRequest& request) {
    request.probes = reader.all("probe");
    request.machine = reader.one("machine", request.machine);
    request.kernel = reader.one("kernel", request.kernel);
    request.files.root = reader.one("root", defaults.root);
    request.files.scratch = reader.one("scratch", "");
    if (reader.given("scratch") && request.files.scratch.empty())
        return user_error("the folder's name is empty", "--scratch");
    request.counting = !reader.given("no-counting");
    for (const std::string& word : reader.all("set")) {
        auto pair = parse_pair(word, "--set", "machine.ops.ic-ivau=0");
        if (!pair) return tl::make_unexpected(pair.error());
        if (!pair->key.starts_with("machine.") && !pair->key.starts_with("kernel.")) {
            return user_error(fmt::format("'{}' is neither machine.KEY nor kernel.KEY", pair->key), "--set");
        }
        request.settings.push_back({pair->key, pair->value});
    }
    for (const std::string& word : reader.all("bind")) {
        auto bind = parse_bind(word);
        if (!bind) return tl::make_unexpected(bind.error());
        request.files.binds.push_back(std::move(*bind));
    }
    const auto seed = reader.number("seed", request.seed);
    if (!seed) return tl::make_unexpected(seed.error());
    request.seed = *seed;
    const auto most = reader.number("max-insns", 0);
    if (!most) return tl::make_unexpected(most.error());
    request.max_insns = *most;
    if (reader.given("memory")) {
        const auto memory = parse_size(reader.one("memory", ""));
        if (!memory) return tl::make_unexpected(memory.error());
        request.memory_bytes = *memory;
    }
    return {};
}

Outcome read_report(const Reader& reader, Options& options) {
    options.output = reader.one("output", "");
    if (reader.given("output") && options.output.empty()) return user_error("the file's name is empty", "--output");
    const std::string format = reader.one("format", "text");
    if (format != "text" && format != "json")
        return user_error(fmt::format("'{}' is no format", format), "--format", "text or json");
    options.format = format == "json" ? Format::Json : Format::Text;
    return {};
}

// What compare cannot keep equal for every run.
Outcome check_compare(const Options& options) {
    if (options.simulation.probes.empty()) {
        return user_error("compare needs a probe", "",
                          "for example: uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep --version");
    }
    for (const BindMount& bind : options.simulation.files.binds) {
        if (bind.writable) {
            return user_error("compare gives every run the same files, so nothing can be writable",
                              fmt::format("--bind {}:{}:rw", bind.host, bind.guest),
                              "leave out :rw; what the guest writes is discarded after each run");
        }
    }
    return {};
}

Result<Options> parse_guest_verb(Verb verb, const Words& words, const OptionDefaults& defaults) {
    const po::options_description known = all_options(verb);
    const std::size_t own = own_words(words, known);
    Words guest(words.begin() + static_cast<std::ptrdiff_t>(own), words.end());
    if (!guest.empty() && guest.front() == "--") guest.erase(guest.begin());

    po::variables_map values;
    try {
        using Style = po::command_line_style::style_t;
        const int style = Style::unix_style & ~Style::allow_guessing & ~Style::allow_sticky;
        const Words mine(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(own));
        po::store(po::command_line_parser(mine).options(known).style(style | Style::short_allow_adjacent).run(),
                  values);
    } catch (const po::error& error) {
        return user_error(error.what(), "",
                          fmt::format("see uprobesim {} --help", verb == Verb::Run ? "run" : "compare"));
    }

    Options options;
    const Reader reader(std::move(values));
    if (reader.given("help")) {
        options.help_topic = verb == Verb::Run ? "run" : "compare";
        return options;
    }
    options.verb = verb;
    if (auto read = read_report(reader, options); !read) return tl::make_unexpected(read.error());
    if (auto read = read_simulation(reader, defaults, options.simulation); !read)
        return tl::make_unexpected(read.error());
    if (auto read = read_program(reader, guest, options.simulation.program); !read)
        return tl::make_unexpected(read.error());
    if (verb == Verb::Run) return options;

    auto kernels = parse_kernels(reader.one("kernels", fmt::format("{},{}", kStepped, kEmulated)));
    if (!kernels) return tl::make_unexpected(kernels.error());
    options.kernels = std::move(*kernels);
    if (auto checked = check_compare(options); !checked) return tl::make_unexpected(checked.error());
    return options;
}

Result<Options> help_on(std::string topic) {
    Options options;
    options.help_topic = std::move(topic);
    return options;
}

}  // namespace

std::string option_list(Verb verb) {
    std::ostringstream out;
    out << visible_options(verb);
    return out.str();
}

Result<Options> parse_options(const std::vector<std::string>& words, const OptionDefaults& defaults) {
    const std::string verb = words.empty() ? "" : words.front();
    const Words rest(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (verb == "run") return parse_guest_verb(Verb::Run, rest, defaults);
    if (verb == "compare") return parse_guest_verb(Verb::Compare, rest, defaults);
    if (verb == "--help" || verb == "-h" || verb == "help") return help_on(rest.empty() ? "" : rest.front());
    if (verb == "--version") {
        Options options;
        options.verb = Verb::Version;
        return options;
    }
    if (verb == "model") {
        if (rest == Words{"--help"} || rest == Words{"-h"}) return help_on("model");
        if (rest != Words{"list"})
            return user_error("model has one sub-command: list", "model", "uprobesim model list");
        Options options;
        options.verb = Verb::ModelList;
        return options;
    }
    const std::string hint = "the verbs are run, compare and model; see uprobesim --help";
    if (verb.empty()) return user_error("no verb is given", "", hint);
    return user_error(fmt::format("'{}' is not a verb", verb), "", hint);
}

}  // namespace uprobesim

#include "driver-manager/docker/answers.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "driver-manager/docker/frames.hpp"

namespace drover::docker {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kOfLayers[] = {"Pulling fs layer",   "Waiting",           "Downloading",
                                          "Verifying Checksum", "Download complete", "Extracting",
                                          "Pull complete",      "Already exists",    "Loading layer"};

// What `read` makes of the text; the library's exceptions end here.
template <class F>
auto parse(std::string_view text, F read) -> Result<decltype(read(Json()))> {
    try {
        return read(Json::parse(text));
    } catch (const Json::exception& error) {
        return fail(ErrorKind::corrupt, std::string("the docker daemon answers something unexpected: ") + error.what());
    }
}

ContainerState state_of(const std::string& word) {
    if (word == "created") return ContainerState::created;
    return word == "exited" || word == "dead" || word == "removing" ? ContainerState::ended : ContainerState::running;
}

std::string text_of(const Json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// 0 where it is not a whole number that an N holds: the library's own conversion of those is undefined behaviour.
template <class N>
N number_of(const Json& json, const char* key) {
    const auto it = json.find(key);
    if (it == json.end() || !it->is_number_integer()) return 0;
    const bool fits = it->is_number_unsigned() ? std::in_range<N>(it->get<std::uint64_t>())
                                               : std::in_range<N>(it->get<std::int64_t>());
    return fits ? it->get<N>() : N{0};
}

std::string query(const Json& filters) { return escape(filters.dump(-1, ' ', false, Json::error_handler_t::replace)); }

}  // namespace

Result<Container> read_container(const Answer& answer) {
    return parse(answer.body, [](const Json& json) {
        const Json& state = json.at("State");
        Container out;
        out.id = json.at("Id").get<std::string>();
        out.state = state_of(state.at("Status").get<std::string>());
        out.pid = number_of<std::int32_t>(state, "Pid");
        out.exit_code = number_of<std::int32_t>(state, "ExitCode");
        out.oom = state.value("OOMKilled", false);
        out.error = state.value("Error", "");
        out.started_at = parse_time(state.value("StartedAt", ""));
        out.finished_at = parse_time(state.value("FinishedAt", ""));
        if (const auto config = json.find("Config"); config != json.end())
            out.stop_signal = text_of(*config, "StopSignal");
        if (out.stop_signal.empty()) out.stop_signal = "SIGTERM";
        return out;
    });
}

Result<CommandState> read_command(const Answer& answer) {
    return parse(answer.body, [](const Json& json) {
        return CommandState{json.at("Running").get<bool>(), number_of<std::int32_t>(json, "ExitCode"),
                            number_of<std::int32_t>(json, "Pid")};
    });
}

Result<std::string> read_id(const Answer& answer) {
    return parse(answer.body, [](const Json& json) { return json.at("Id").get<std::string>(); });
}

Result<std::vector<Listed>> read_list(const Answer& answer) {
    return parse(answer.body, [](const Json& json) {
        std::vector<Listed> out;
        for (const Json& one : json) {
            Listed listed{one.at("Id").get<std::string>(), {}};
            for (const auto& [name, value] : one.at("Labels").items()) listed.labels[name] = value.get<std::string>();
            out.push_back(std::move(listed));
        }
        return out;
    });
}

Result<Version> read_version(const Answer& answer) {
    return parse(answer.body, [](const Json& json) {
        return Version{json.at("Version").get<std::string>(), json.at("ApiVersion").get<std::string>()};
    });
}

Result<Progress> read_progress(std::string_view line) {
    return parse(line, [](const Json& json) {
        Progress out;
        const std::string status = text_of(json, "status");
        // What begins otherwise is said of the image, whose tag then is the id.
        const bool of_layer = std::any_of(std::begin(kOfLayers), std::end(kOfLayers),
                                          [&](std::string_view word) { return status == word; });
        if (of_layer) out.layer = text_of(json, "id");
        out.over = status == "Pull complete" || status == "Already exists";
        out.error = text_of(json, "error");
        const auto detail = json.find("progressDetail");
        // A layer is downloaded, and then unpacked with numbers of its own.
        if (detail != json.end() && detail->is_object() && status != "Extracting") {
            out.done = number_of<std::uint64_t>(*detail, "current");
            out.total = number_of<std::uint64_t>(*detail, "total");
            out.over = out.over || (status == "Loading layer" && out.done >= out.total);
        }
        return out;
    });
}

std::string reason(const Answer& answer) {
    const auto message = parse(answer.body, [](const Json& json) { return json.at("message").get<std::string>(); });
    return message ? *message : "the docker daemon answers with status " + std::to_string(answer.status);
}

Result<std::string> add_labels(std::string_view body, const std::map<std::string, std::string>& labels) {
    return parse(body, [&](Json json) {
        for (const auto& [name, value] : labels) json["Labels"][name] = value;
        return json.dump();
    });
}

std::string list_path(const std::map<std::string, std::string>& labels) {
    Json list = Json::array();
    for (const auto& [name, value] : labels) list.push_back(name + "=" + value);
    return "/containers/json?all=1&filters=" + query({{"label", list}});
}

std::string escape(std::string_view text) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (kPlain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out.append(1, '%').append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
        }
    }
    return out;
}

}  // namespace drover::docker

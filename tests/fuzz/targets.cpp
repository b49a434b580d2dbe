#include "fuzz/targets.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "base/check.hpp"
#include "base/unique_fd.hpp"
#include "base/units.hpp"
#include "bus/curve.hpp"
#include "bus/recording.hpp"
#include "bus/topic.hpp"
#include "driver-manager/docker/answers.hpp"
#include "driver-manager/docker/frames.hpp"
#include "driver-manager/docker/login.hpp"
#include "driver-manager/fetch/request/request.hpp"
#include "driver-manager/fetch/request/source.hpp"
#include "driver-manager/fetch/unpack.hpp"
#include "fuzz/http_target.hpp"
#include "fuzz/node_targets.hpp"
#include "fuzz/scratch.hpp"
#include "fuzz/session_target.hpp"
#include "gateway/guard.hpp"
#include "host/config_file.hpp"
#include "ipc/frames.hpp"
#include "jobspec/fuzz.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"
#include "secret/seal.hpp"
#include "secret/tokens.hpp"
#include "templating/fuzz.hpp"
#include "wire/codec.hpp"
#include "wire/messages.hpp"

namespace drover::fuzz {
namespace {

// What was accepted can be said again, is read as the same, and can be shown. Compared as bytes: a NaN is not equal to
// itself.
template <class T>
void message(std::string_view bytes) {
    const auto first = wire::decode<T>(bytes);
    if (!first) {
        CHECK(!first.error().message.empty());
        return;
    }
    const std::string said = wire::encode(*first);
    if (said.size() > wire::kMaxMessage) return;
    const auto second = wire::decode<T>(said);
    CHECK(second.has_value());
    CHECK(wire::encode(*second) == said);
    CHECK(wire::to_json(std::string_view(said)).has_value());
}

void json(std::string_view bytes) {
    const auto text = wire::to_json(bytes);
    CHECK(text.has_value() ? !text->empty() : !text.error().message.empty());
}

void job(std::string_view bytes) {
    jobspec::fuzz_jobspec(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void text_template(std::string_view bytes) {
    templating::fuzz_template(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void fetch_request(std::string_view bytes) {
    const auto request = fetch::decode(bytes);
    if (!request) {
        CHECK(!request.error().message.empty());
        return;
    }
    CHECK(fetch::decode(fetch::encode(*request)) == *request);
    const auto source = fetch::parse_source(request->source);
    CHECK(source.has_value() || !source.error().message.empty());
}

// Whatever an archive says, nothing appears beside the directory, and what was accepted keeps the rules.
void archive(std::string_view bytes) {
    static const Scratch scratch;
    const std::string in = scratch.path + "/in";
    CHECK(os::make_dir(in, 0755).has_value());
    const UniqueFd dir(::open(in.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd file(::memfd_create("archive", MFD_CLOEXEC));
    CHECK(::pwrite(file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    const auto unpacked = fetch::unpack(file.get(), dir.get(), {1 << 20, 100});
    CHECK(unpacked.has_value() || !unpacked.error().message.empty());
    if (unpacked) CHECK(fetch::inspect(dir.get(), {1 << 30, 1 << 20}).has_value());
    CHECK(os::list_dir(scratch.path, 10).value().size() == 1);
    CHECK(os::remove_tree(in).has_value());
}

// Whatever a daemon sends as output, and in whatever pieces, the same comes of it.
void docker_output(std::string_view bytes) {
    const auto take = [&](std::size_t piece) {
        std::string text[2];
        docker::Frames frames(
            {}, {}, [&](int stream, std::int64_t, std::string_view more) { return text[stream].append(more).size(); });
        Result<void> fed;
        for (std::size_t at = 0; fed && at < bytes.size(); at += piece) fed = frames.feed(bytes.substr(at, piece));
        CHECK(fed || !fed.error().message.empty());
        return text[0] + '\0' + text[1];
    };
    const std::string whole = take(bytes.size() + 1);
    CHECK(take(1) == whole);
    CHECK(take(7) == whole);
}

// A body that is none of what is asked for is an error with a sentence.
void docker_answer(std::string_view bytes) {
    const docker::Answer answer{200, std::string(bytes)};
    const auto says_why = [](const auto& result) { return result.has_value() || !result.error().message.empty(); };
    CHECK(says_why(docker::read_container(answer)));
    CHECK(says_why(docker::read_command(answer)));
    CHECK(says_why(docker::read_id(answer)));
    CHECK(says_why(docker::read_list(answer)));
    CHECK(says_why(docker::read_version(answer)));
    CHECK(says_why(docker::find_login(bytes, "docker.io")));
    CHECK(says_why(docker::read_progress(bytes)));
    CHECK(says_why(docker::add_labels(bytes, {{"a", "b"}})));
    CHECK(!docker::reason(answer).empty());
}

// What an external driver sends, in whatever pieces: the same messages, then the same error or none.
void driver_frames(std::string_view bytes) {
    const auto take = [&](std::size_t piece) {
        ipc::Frames frames;
        std::string out;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            frames.feed(bytes.substr(at, piece));
            while (true) {
                const auto next = frames.next();
                if (!next) return out + '\1' + next.error().message;
                if (!*next) break;
                out += **next + '\0';
            }
        }
        return out;
    };
    const std::string whole = take(bytes.size() + 1);
    CHECK(take(1) == whole);
    CHECK(take(7) == whole);
}

void config(std::string_view bytes) {
    if (bytes.size() > host::kMaxConfigFile) return;
    const auto values = host::parse_config(bytes, "drover.yaml");
    if (values) return;
    CHECK(values.error().message.starts_with("drover.yaml:"));
}

// The short texts: what people write for lengths of time and sizes, where a service is to be found, what is said on
// which topic, who may use the gateway and as whom somebody wants to.
void text(std::string_view bytes) {
    if (const auto duration = parse_duration(bytes)) CHECK(duration->ns >= 0);
    if (const auto size = parse_size(bytes)) CHECK(parse_size(to_string(*size)) == *size);
    if (const auto endpoint = bus::parse_endpoint(std::string(bytes)))
        CHECK(endpoint->address.empty() == !endpoint->host.empty());
    if (bus::valid_topic(bytes)) CHECK(bytes.size() <= bus::kMaxTopic);
    (void)bus::stream_matches(bytes, bytes);
    CHECK(gateway::bearer_token(bytes).size() <= bytes.size());
    const auto holders = secret::parse_tokens(bytes, "tokens");
    if (!holders) CHECK(holders.error().message.starts_with("tokens:"));
    if (holders) CHECK(secret::find_token(*holders, bytes) == nullptr);
}

// As a whole file, and as what follows the first line of one.
void recording(std::string_view bytes) {
    static const Scratch scratch;
    const std::string path = scratch.path + "/recording";
    for (const std::string_view before : {"", "drover-tap 1\n"}) {
        CHECK(os::write_file_atomic(path, std::string(before).append(bytes), 0600, os::Durable::no).has_value());
        auto opened = bus::Recording::open(path);
        if (!opened) continue;
        bus::Heard heard;
        std::size_t read = 0;
        for (auto more = opened->next(heard); more && *more; more = opened->next(heard))
            read += heard.topic.size() + heard.payload.size();
        CHECK(read <= bytes.size());
    }
}

void sealed(std::string_view bytes) {
    static const secret::KeyPair keys = secret::make_keys().value();
    CHECK(!secret::open(keys.private_key, "db/main password", bytes).has_value());
}

void any_message(std::string_view bytes) {
    if (bytes.empty()) return;
    messages()[static_cast<unsigned char>(bytes[0]) % messages().size()].run(bytes.substr(1));
}

}  // namespace

const std::vector<Target>& messages() {
#define MESSAGE_TARGET(Type) {#Type, message<wire::Type>},
    static const std::vector<Target> kMessages = {WIRE_MESSAGES(MESSAGE_TARGET)};
#undef MESSAGE_TARGET
    return kMessages;
}

const std::vector<Target>& targets() {
    static const std::vector<Target> kTargets = {{"message", any_message},
                                                 {"json", json},
                                                 {"job", job},
                                                 {"template", text_template},
                                                 {"fetch_request", fetch_request},
                                                 {"archive", archive},
                                                 {"docker_output", docker_output},
                                                 {"docker_answer", docker_answer},
                                                 {"driver_frames", driver_frames},
                                                 {"http", http},
                                                 {"config", config},
                                                 {"text", text},
                                                 {"recording", recording},
                                                 {"sealed", sealed},
                                                 {"shim", shim},
                                                 {"node_files", node_files},
                                                 {"session", session}};
    return kTargets;
}

}  // namespace drover::fuzz

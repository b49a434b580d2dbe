#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <map>

#include "driver-manager/docker/answers.hpp"
#include "driver-manager/docker/verbs.hpp"
#include "os/files.hpp"

namespace drover::docker {

namespace {

constexpr Duration kAnswer = seconds(30);
constexpr std::size_t kMaxLine = 1 << 20;
constexpr std::size_t kMaxConfig = 1 << 20;

// "name:tag" of what may have no tag; one with a digest is left as it is.
std::string with_tag(const std::string& image) {
    const std::size_t slash = image.rfind('/');
    const std::size_t last = slash == std::string::npos ? 0 : slash;
    const bool exact = image.find('@') != std::string::npos || image.find(':', last) != std::string::npos;
    return exact ? image : image + ":latest";
}

// What is wrong with the image itself stays wrong; that a registry is not reached may pass.
Error refused(const Answer& answer) {
    return {answer.status >= 400 && answer.status < 500 ? ErrorKind::refused : ErrorKind::io, reason(answer)};
}

Result<bool> is_there(const Engine& engine, const std::string& image) {
    const auto answer = engine.ask("GET", "/images/" + escape(image) + "/json", "", kAnswer);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status == 404) return false;
    if (!answer->good()) return tl::unexpected(refused(*answer));
    return true;
}

// All layers together, said again when there is another one, or another MiB.
class Teller {
   public:
    void hear(const Progress& progress) {
        if (progress.layer.empty()) return;
        Layer& layer = layers_[progress.layer];
        layer.over = layer.over || progress.over;
        if (progress.total > 0) layer = {layer.over, progress.done, progress.total};
        const std::string now = words();
        if (now == said_) return;
        said_ = now;
        std::puts(said_.c_str());
        std::fflush(stdout);
    }

   private:
    struct Layer {
        bool over = false;
        std::uint64_t done = 0;
        std::uint64_t total = 0;
    };

    std::string words() const {
        std::size_t over = 0;
        Layer all;
        for (const auto& [id, layer] : layers_) {
            over += layer.over ? 1 : 0;
            all.done += layer.over ? layer.total : layer.done;
            all.total += layer.total;
        }
        std::string out = std::to_string(over) + " of " + std::to_string(layers_.size()) + " layers";
        if (all.total > 0)
            out += ", " + std::to_string(all.done >> 20U) + " of " + std::to_string((all.total >> 20U) + 1) + " MiB";
        return out;
    }

    std::map<std::string, Layer> layers_;
    std::string said_;
};

// To the end of an answer that is a line of JSON for each step.
Result<void> follow(Stream& stream, Duration silence) {
    if (!stream.head.good()) return tl::unexpected(refused(stream.head));
    Teller teller;
    std::string bytes = std::move(stream.head.body);
    bool more = true;
    while (true) {
        for (std::size_t end = 0; (end = bytes.find('\n')) != std::string::npos; bytes.erase(0, end + 1)) {
            const auto progress = read_progress(std::string_view(bytes).substr(0, end));
            if (!progress) return tl::unexpected(progress.error());
            if (!progress->error.empty()) return fail(ErrorKind::io, progress->error);
            teller.hear(*progress);
        }
        if (!more) return {};
        if (bytes.size() > kMaxLine) return fail(ErrorKind::corrupt, "the docker daemon sends a line without an end");
        const auto read = read_more(stream, bytes, silence);
        if (!read) return tl::unexpected(read.error());
        more = *read;
    }
}

Result<void> load(const Engine& engine, const ImageOrder& order) {
    const UniqueFd file(::open(order.archive.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat st {};
    if (!file.valid() || ::fstat(file.get(), &st) != 0) return fail_errno("cannot open " + order.archive, errno);
    if (!S_ISREG(st.st_mode)) return fail(ErrorKind::invalid, order.archive + " is no file");
    auto stream = engine.send_file("/images/load", file.get(), static_cast<std::uint64_t>(st.st_size), order.silence);
    if (!stream) return tl::unexpected(stream.error());
    return follow(*stream, order.silence);
}

Result<std::optional<Login>> login_of(const ImageOrder& order) {
    if (order.login || order.auth_file.empty()) return order.login;
    const auto text = os::read_file(order.auth_file, kMaxConfig);
    auto found =
        text ? find_login(*text, registry_of(order.image)) : Result<std::optional<Login>>(tl::unexpected(text.error()));
    if (!found)
        return fail(ErrorKind::invalid,
                    "docker_auth_file of the node, " + order.auth_file + ", cannot be used: " + found.error().message);
    if (*found) (*found)->from = order.auth_file + " of the node";
    return found;
}

// The daemon hands on what the registry says, as an error of its own; trying again would not change it.
Error explained(Error error, const ImageOrder& order, const std::optional<Login>& login) {
    constexpr std::string_view kOfLogins[] = {"unauthorized", "Unauthorized", "no basic auth credentials",
                                              "authentication required", "denied: "};
    const bool of_login = std::any_of(std::begin(kOfLogins), std::end(kOfLogins), [&](std::string_view word) {
        return error.message.find(word) != std::string::npos;
    });
    if (!of_login) return error;
    const std::string registry = "the registry " + registry_of(order.image);
    if (!login)
        return {ErrorKind::refused, registry +
                                        " wants credentials: give the task config.auth, or the node a "
                                        "docker_auth_file (" +
                                        error.message + ")"};
    return {ErrorKind::refused, registry + " refuses the user " + (login->user.empty() ? "of the token" : login->user) +
                                    " with what is in " + login->from + " (" + error.message + ")"};
}

Result<void> pull(const Engine& engine, const ImageOrder& order) {
    const auto login = login_of(order);
    if (!login) return tl::unexpected(login.error());
    const std::string header = *login ? login_header(**login, registry_of(order.image)) : "";
    auto stream =
        engine.open("POST", "/images/create?fromImage=" + escape(with_tag(order.image)), "", order.silence, header);
    if (!stream) return tl::unexpected(stream.error());
    const auto got = follow(*stream, order.silence);
    return got ? got : tl::unexpected(explained(got.error(), order, *login));
}

}  // namespace

Result<void> get_image(const Engine& engine, const ImageOrder& order) {
    if (!order.force) {
        const auto there = is_there(engine, order.image);
        if (!there) return tl::unexpected(there.error());
        if (*there) return {};
    }
    // Says that it has begun.
    std::puts("");
    std::fflush(stdout);
    if (const auto got = order.archive.empty() ? pull(engine, order) : load(engine, order); !got) return got;
    const auto there = is_there(engine, order.image);
    if (!there) return tl::unexpected(there.error());
    if (*there) return {};
    return fail(ErrorKind::refused, "the archive holds other images");
}

}  // namespace drover::docker

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <map>

#include "driver-manager/docker/answers.hpp"
#include "driver-manager/docker/verbs.hpp"

namespace drover::docker {

namespace {

constexpr Duration kAnswer = seconds(30);
constexpr std::size_t kMaxLine = 1 << 20;

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

// All layers together, said again when there is another MiB.
class Teller {
   public:
    void hear(const Progress& progress) {
        if (progress.total == 0) return;
        layers_[progress.layer] = {progress.done, progress.total};
        std::uint64_t done = 0;
        std::uint64_t total = 0;
        for (const auto& [layer, size] : layers_) {
            done += size.first;
            total += size.second;
        }
        if (done >> 20U == said_) return;
        said_ = done >> 20U;
        std::printf("%llu of %llu MiB\n", static_cast<unsigned long long>(said_),
                    static_cast<unsigned long long>((total >> 20U) + 1));
        std::fflush(stdout);
    }

   private:
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> layers_;
    std::uint64_t said_ = 0;
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

Result<void> pull(const Engine& engine, const ImageOrder& order) {
    auto stream = engine.open("POST", "/images/create?fromImage=" + escape(with_tag(order.image)), "", order.silence);
    if (!stream) return tl::unexpected(stream.error());
    return follow(*stream, order.silence);
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

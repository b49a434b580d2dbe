#include "driver-manager/setup/image.hpp"

#include "driver-manager/drivers/docker.hpp"
#include "os/files.hpp"

namespace drover::setup {

namespace {

constexpr Duration kLimit = hours(6);  // drover-docker ends by itself once nothing comes any more
constexpr Duration kFirstPause = seconds(1);
constexpr Duration kLongestPause = seconds(30);
constexpr Duration kBetweenWords = seconds(10);  // about how far it is
constexpr std::size_t kMaxPassword = 16 << 10;

// How drover-docker exits.
constexpr int kNoDaemon = 3;
constexpr int kNeverWill = 2;

class ImageStep : public Step {
   public:
    ImageStep(Children& children, rt::Loop& loop, Site& place, StepVoice voice)
        : children_(children), loop_(loop), place_(place), voice_(std::move(voice)) {}

    ~ImageStep() override {
        loop_.cancel(pause_);
        children_.kill(child_);
    }

    void begin() override {
        if (place_.command.spec.driver != "docker") return voice_.ended({});
        // What the registry wants to see may be in a template.
        if (!place_.command.spec.templates.empty() && !place_.rendered) return voice_.ended({});
        auto image = drivers::docker_image(place_.command.spec, place_.context);
        if (!image) return voice_.ended(tl::unexpected(image.error()));
        image_ = std::move(*image);
        const auto& stays_below = place_.context.stays_below;
        if (!image_.archive.empty() && stays_below && !stays_below(place_.dirs.root, image_.archive))
            return voice_.ended(fail(ErrorKind::not_found,
                                     "config.load: there is no file " + image_.archive + " in the task's directory"));
        if (const auto read = read_password(); !read) return voice_.ended(read);
        attempt();
    }

   private:
    Result<void> read_password() {
        if (!image_.login || image_.login->password_file.empty()) return {};
        const std::string& file = image_.login->password_file;
        const auto& stays_below = place_.context.stays_below;
        if (stays_below && !stays_below(place_.dirs.root, file))
            return fail(ErrorKind::not_found,
                        "config.auth.password_file: there is no file " + file + " in the task's directory");
        auto text = os::read_file(file, kMaxPassword);
        if (!text) return fail(ErrorKind::invalid, "config.auth.password_file: " + text.error().message);
        if (text->ends_with('\n')) text->pop_back();
        image_.login->password = std::move(*text);
        return {};
    }

    void attempt() {
        pause_ = 0;
        const drivers::DockerNode& node = place_.context.docker;
        Child child;
        child.options.path = node.program;
        child.options.argv = {
            node.program, "image",        node.socket,   std::to_string(image_.silence.ms()), image_.force ? "1" : "0",
            image_.name,  image_.archive, node.auth_file};
        // Every user of a machine can read command lines.
        if (image_.login)
            child.input = image_.login->user + '\0' + image_.login->password + '\0' + image_.login->server + '\0';
        child.limit = kLimit;
        child.heard = true;
        child.on_line = [this](const std::string& line) { hear(line); };
        const auto started = children_.start(std::move(child), [this](const ChildEnd& end) { got(end); });
        if (!started) return voice_.ended(fail(ErrorKind::unavailable, started.error().message));
        child_ = *started;
    }

    // Progress, or in the end why not.
    void hear(const std::string& line) {
        last_ = line;
        voice_.waits("image " + image_.name + (line.empty() ? "" : ", " + line));
        const Instant now = loop_.now();
        if (line.empty()) {
            began_at_ = told_at_ = now;
            voice_.tells("Downloading image " + image_.name);
        } else if (began_at_.set() && now >= told_at_ + kBetweenWords) {
            told_at_ = now;
            voice_.tells("Downloading image " + image_.name + ": " + line);
        }
    }

    void tell_end() const {
        if (!began_at_.set()) return;
        const Duration took = milliseconds((loop_.now() - began_at_).ms());
        voice_.tells("Downloaded image " + image_.name + " in " + to_string(took) +
                     (last_.empty() ? "" : ": " + last_));
    }

    void got(const ChildEnd& end) {
        child_ = 0;
        if (end.status.code == 0 && end.status.signal == 0) {
            tell_end();
            return voice_.ended({});
        }
        if (end.status.code == kNoDaemon) {
            pause_ = loop_.at(loop_.now() + backoff(kFirstPause, tries_++, kLongestPause), [this] { attempt(); });
            voice_.waits("an answer: " + last_);
            return voice_.gives_way();
        }
        const std::string why = end.overdue     ? "it was not complete within " + to_string(kLimit)
                                : last_.empty() ? "drover-docker exited with code " + std::to_string(end.status.code)
                                                : last_;
        voice_.ended(fail(end.status.code == kNeverWill ? ErrorKind::refused : ErrorKind::unavailable,
                          "cannot get the image " + image_.name + ": " + why));
    }

    Children& children_;
    rt::Loop& loop_;
    Site& place_;
    StepVoice voice_;
    drivers::DockerImage image_;
    Children::Id child_ = 0;
    std::string last_;
    Instant began_at_;  // set once the daemon gets it
    Instant told_at_;
    std::uint64_t tries_ = 0;
    rt::Token pause_ = 0;
};

}  // namespace

StepMaker get_image(Children& children, rt::Loop& loop) {
    return [&children, &loop](Site& place, StepVoice voice) {
        return std::make_unique<ImageStep>(children, loop, place, std::move(voice));
    };
}

}  // namespace drover::setup

#include "driver-manager/setup/image.hpp"

#include "driver-manager/drivers/docker.hpp"

namespace drover::setup {

namespace {

constexpr Duration kLimit = hours(6);  // drover-docker ends by itself once nothing comes any more
constexpr Duration kFirstPause = seconds(1);
constexpr Duration kLongestPause = seconds(30);

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
        auto image = drivers::docker_image(place_.command.spec, place_.context);
        if (!image) return voice_.ended(tl::unexpected(image.error()));
        image_ = std::move(*image);
        const auto& stays_below = place_.context.stays_below;
        if (!image_.archive.empty() && stays_below && !stays_below(place_.dirs.root, image_.archive))
            return voice_.ended(fail(ErrorKind::not_found,
                                     "config.load: there is no file " + image_.archive + " in the task's directory"));
        attempt();
    }

   private:
    void attempt() {
        pause_ = 0;
        const drivers::DockerNode& node = place_.context.docker;
        Child child;
        child.options.path = node.program;
        child.options.argv = {
            node.program, "image",       node.socket, std::to_string(image_.silence.ms()), image_.force ? "1" : "0",
            image_.name,  image_.archive};
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
    }

    void got(const ChildEnd& end) {
        child_ = 0;
        if (end.status.code == 0 && end.status.signal == 0) return voice_.ended({});
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

#include "driver-manager/setup/step.hpp"

namespace drover::setup {

namespace {

class AtOnce : public Step {
   public:
    AtOnce(const std::function<Result<void>(Site&)>& work, Site& place, StepVoice voice)
        : work_(work), place_(place), voice_(std::move(voice)) {}

    void begin() override { voice_.ended(work_(place_)); }

   private:
    std::function<Result<void>(Site&)> work_;
    Site& place_;
    StepVoice voice_;
};

}  // namespace

StepMaker at_once(std::function<Result<void>(Site&)> work) {
    return [work = std::move(work)](Site& place, StepVoice voice) -> std::unique_ptr<Step> {
        return std::make_unique<AtOnce>(work, place, std::move(voice));
    };
}

}  // namespace drover::setup

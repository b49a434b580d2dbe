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

class InOrder : public Step {
   public:
    InOrder(const StepMaker& first, StepMaker second, Site& place, const StepVoice& voice)
        : place_(place), voice_(voice), second_maker_(std::move(second)) {
        StepVoice own = voice;
        own.ended = [this](const Result<void>& result) { first_ended(result); };
        first_ = first(place, own);
    }

    void begin() override { first_->begin(); }

   private:
    // From within a call of the first, which therefore stays.
    void first_ended(const Result<void>& result) {
        if (!result) return voice_.ended(result);
        voice_.waits("");
        second_ = second_maker_(place_, voice_);
        second_->begin();
    }

    Site& place_;
    StepVoice voice_;
    StepMaker second_maker_;
    std::unique_ptr<Step> first_;
    std::unique_ptr<Step> second_;
};

}  // namespace

StepMaker in_order(StepMaker first, StepMaker second) {
    return [first = std::move(first), second = std::move(second)](Site& place, StepVoice voice) {
        return std::make_unique<InOrder>(first, second, place, voice);
    };
}

StepMaker at_once(std::function<Result<void>(Site&)> work) {
    return [work = std::move(work)](Site& place, StepVoice voice) -> std::unique_ptr<Step> {
        return std::make_unique<AtOnce>(work, place, std::move(voice));
    };
}

}  // namespace drover::setup

#include "annal/document/document.hpp"
#include "annal/interchange/cloud_event.hpp"
#include "annal/interchange/git_import.hpp"

#include <gtest/gtest.h>

namespace annal::interchange {
namespace {

struct Nested {
  std::map<std::string, std::vector<std::optional<double>>> rates;
  bool flag = false;
  std::int8_t small = 0;
  std::uint64_t large = 0;
  Json json;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(rates), CEREAL_NVP(flag), CEREAL_NVP(small), CEREAL_NVP(large),
            CEREAL_NVP(json));
  }
};

TEST(DescriptionJson, gives_back_every_kind_of_field) {
  for (const auto& description :
       {describe<document::Created>(), describe<document::Updated>(),
        describe<document::Restored>(), describe<ImportCheckpoint>(), describe<Nested>()})
    EXPECT_EQ(description_from_json(description_to_json(description)), description);
}

TEST(DescriptionJson, is_read_by_people) {
  EXPECT_EQ(
      description_to_json(describe<document::Deleted>()),
      R"({"kind":"structure","children":[{"name":"reason","kind":"optional","children":)"
      R"([{"kind":"string"}]},{"name":"editor","kind":"optional","children":[{"kind":"string"}]}]})");
}

TEST(DescriptionJson, refuses_what_describes_no_type) {
  for (const char* json :
       {"{}", "[]", "1", R"({"kind":"text"})", R"({"kind":1})", R"({"kind":"list","children":{}})",
        R"({"kind":"structure","children":[{"name":"x"}]})", R"({"name":"x","children":[]})"})
    EXPECT_EQ(description_from_json(json), std::nullopt) << json;
}

}  // namespace
}  // namespace annal::interchange

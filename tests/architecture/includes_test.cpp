// Foreign headers stay where they belong,
// and each rule that says so notices a breach planted for it.
#include "architecture/include_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace annal::architecture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(PureRooms, reach_for_no_file_database_network_or_terminal) {
  EXPECT_THAT(reaching_out_of_pure_rooms(repository()), IsEmpty());
}

TEST(PureRooms, what_reaches_out_is_noticed) {
  for (const char* room : {"src/engine/annal/log/a.cpp", "aggregates/annal/document/a.hpp",
                           "effects/annal/effects/a.cpp", "aspects/annal/aspects/a.cpp"})
    for (const char* name :
         {"fstream", "filesystem", "SQLiteCpp/Database.h", "sqlite3.h", "boost/asio.hpp",
          "boost/asio/ip/tcp.hpp", "sys/socket.h", "unistd.h", "iostream"}) {
      const Tree tree = {{room, "#include <string>\n#include <" + std::string(name) + ">\n"}};
      EXPECT_THAT(reaching_out_of_pure_rooms(tree), ElementsAre(HasSubstr(":2: ")))
          << room << ' ' << name;
    }
}

TEST(PureRooms, the_adapters_may_reach_out) {
  const Tree tree = {
      {"src/storage/annal/sqlite/a.cpp", "#include <filesystem>\n#include <sqlite3.h>\n"}};
  EXPECT_THAT(reaching_out_of_pure_rooms(tree), IsEmpty());
}

TEST(PublicHeaders, are_listed) { EXPECT_THAT(public_headers(), SizeIs(testing::Gt(30))); }

TEST(PublicHeaders, include_the_standard_library_each_other_and_cereal) {
  EXPECT_THAT(leaks_of_public_headers(repository(), public_headers()), IsEmpty());
}

TEST(PublicHeaders, a_leak_is_noticed) {
  for (const char* name :
       {"boost/signals2.hpp", "nlohmann/json.hpp", "SQLiteCpp/SQLiteCpp.h", "spdlog/spdlog.h",
        "cereal/archives/binary.hpp", "sys/types.h", "unistd.h"}) {
    const Tree tree = {{"src/engine/annal/a.hpp", "#include <" + std::string(name) + ">\n"}};
    EXPECT_THAT(leaks_of_public_headers(tree, {"src/engine/annal/a.hpp"}), SizeIs(1)) << name;
  }
}

TEST(PublicHeaders, one_that_includes_a_private_one_is_noticed) {
  const Tree tree = {{"src/engine/annal/a.hpp", "#include \"annal/b.hpp\"\n"},
                     {"src/engine/annal/b.hpp", ""}};
  EXPECT_THAT(leaks_of_public_headers(tree, {"src/engine/annal/a.hpp"}),
              ElementsAre(HasSubstr("src/engine/annal/b.hpp is not installed")));
}

TEST(HeavyHeaders, stay_in_cpp_files) {
  EXPECT_THAT(heavy_includes_in_headers(repository()), IsEmpty());
  for (const char* name : {"nlohmann/json.hpp", "boost/signals2/signal.hpp"}) {
    const std::string text = "#include <" + std::string(name) + ">\n";
    EXPECT_THAT(heavy_includes_in_headers({{"src/server/annal/server/a.hpp", text}}), SizeIs(1))
        << name;
    EXPECT_THAT(heavy_includes_in_headers({{"src/server/annal/server/a.cpp", text}}), IsEmpty())
        << name;
  }
}

TEST(HeavyHeaders, beast_is_compiled_in_at_most_three_files) {
  EXPECT_THAT(files_compiled_with_beast(repository()), SizeIs(testing::Le(3)));
}

TEST(HeavyHeaders, beast_is_found_behind_another_header) {
  const Tree tree = {{"src/server/annal/server/http.hpp", "#include <boost/beast/http.hpp>\n"},
                     {"src/server/annal/server/a.cpp", "#include \"annal/server/http.hpp\"\n"},
                     {"src/server/annal/server/b.cpp", "#include <string>\n"}};
  EXPECT_THAT(files_compiled_with_beast(tree), ElementsAre("src/server/annal/server/a.cpp"));
}

}  // namespace
}  // namespace annal::architecture

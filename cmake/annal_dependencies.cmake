# What annal's libraries link; read by the build and, installed, by find_package(annal). Whoever reads it
# says how a package is looked for: annal_needs(PACKAGE [VERSION] [COMPONENTS …]).
annal_needs(Threads)
annal_needs(SQLite3)
annal_needs(SQLiteCpp)
annal_needs(OpenSSL COMPONENTS Crypto SSL)
annal_needs(Boost 1.81)
annal_needs(cereal)
annal_needs(nlohmann_json)
annal_needs(spdlog)
annal_needs(zstd)

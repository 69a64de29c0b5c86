// A shared library that has nothing to do with lenet4j.
extern "C" int lenet_no_plugin() { return 0; }

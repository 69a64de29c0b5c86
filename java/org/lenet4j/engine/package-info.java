/**
 * Where networks compute: {@link org.lenet4j.engine.Engine} is the contract, {@link
 * org.lenet4j.engine.Engines} opens one on a {@link org.lenet4j.engine.Device}. Most users need no
 * more of it than the device; {@link org.lenet4j.training} does the rest.
 */
package org.lenet4j.engine;

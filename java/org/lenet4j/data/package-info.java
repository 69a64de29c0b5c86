/**
 * Data sets in memory and how they get there: {@link org.lenet4j.data.Dataset} holds the images,
 * {@link org.lenet4j.data.IdxDataset} reads any directory of IDX files, and {@link
 * org.lenet4j.data.FashionMnist} finds or downloads the data of the LeNet chapter.
 */
package org.lenet4j.data;

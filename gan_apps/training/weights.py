"""The file of a network's weights, as Keras writes and reads it, made smaller."""

import os

from gan_apps.operating_system import files

# Level of gzip. A byte of floats is like that of its neighbours at the same place of the number,
# and so all first bytes come first (HDF5's "shuffle"): an eighth of the file is saved.
GZIP = 9
# Numbers of an array that are not worth it.
FEW = 64


def write(network, path):
    """Writes the weights of a keras.Model to the .weights.h5 file `path`, whole or not at all."""
    with files.replacing(path) as beside:
        network.save_weights(files.in_utf8(beside))
        pack(beside)


def pack(path):
    """Compresses the arrays of an .h5 file in its place; what is read from it is the same."""
    import h5py

    # Who asks for it waits for the disk, if anybody has to.
    with files.replacing(path, durable=False) as beside:
        with (
            h5py.File(files.in_utf8(path)) as whole,
            _new(beside) as less,
        ):
            untimed = _without_times(h5py.h5p.GROUP_CREATE)

            def copy(name, one):
                if isinstance(one, h5py.Dataset):
                    packed = one.size > FEW
                    options = {"compression": "gzip", "compression_opts": GZIP, "shuffle": True}
                    less.create_dataset(name, data=one[()], **(options if packed else {}))
                else:
                    h5py.h5g.create(less.id, name.encode(), gcpl=untimed)
                less[name].attrs.update(one.attrs)

            less.attrs.update(whole.attrs)
            whole.visititems(copy)


def _new(path):
    """An h5py.File whose bytes depend on what is written alone, and not on when.

    Its groups are in the format of HDF5 1.10 (2016): the default's take a twentieth more, but have
    no times, which h5py leaves out of arrays alone.
    """
    import h5py
    from h5py import h5f, h5p

    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    access.set_libver_bounds(h5f.LIBVER_V110, h5f.LIBVER_V110)
    made = h5f.create(
        os.fsencode(files.in_utf8(path)),
        h5f.ACC_TRUNC,
        fcpl=_without_times(h5p.FILE_CREATE),
        fapl=access,
    )
    return h5py.File(made)


def _without_times(kind):
    """The properties with which HDF5 makes an object of `kind`, but for the time."""
    from h5py import h5p

    properties = h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties

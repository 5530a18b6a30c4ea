# The web app on port 7860: docker build -t saliency . && docker run -p 7860:7860 saliency
#
# On Linux the package index has PyTorch for GPUs, several gigabytes. PIP_EXTRA_INDEX_URL, the address of PyTorch's
# packages for processors, makes the image smaller: docker build --build-arg PIP_EXTRA_INDEX_URL=... -t saliency .
FROM python:3.11-slim

ARG PIP_EXTRA_INDEX_URL=""
ENV PYTHONUNBUFFERED=1 GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 GRADIO_ANALYTICS_ENABLED=False

WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY app.py README.md CITATION.cff THIRD_PARTY_NOTICES.md ./
COPY assets ./assets
COPY checkpoints ./checkpoints
COPY train ./train
COPY saliency ./saliency

RUN useradd --create-home visitor
USER visitor
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['GRADIO_SERVER_PORT'], timeout=4)"]
CMD ["python", "app.py"]

using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace IntegrationHub.Plugins.S3;

/// <summary>
/// Sends content as it flows through. The SDK would hash it first, which takes a second pass, or frame it in signed chunks, which not every store decodes;
/// with <c>UNSIGNED-PAYLOAD</c> the headers are signed and the content is not. The SDK offers that itself under TLS only, where TLS protects the content;
/// without TLS the hub reaches nothing but networks that its operator allowed.
/// </summary>
internal sealed class FlowingS3Client(AWSCredentials credentials, AmazonS3Config config) : AmazonS3Client(credentials, config)
{
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerBefore<Signer>(new Unsigned());
    }

    private sealed class Unsigned : PipelineHandler
    {
        public override void InvokeSync(IExecutionContext executionContext) => throw new NotSupportedException("The plugin calls asynchronously only.");

        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            if (executionContext.RequestContext.Request is { ContentStream: not null } request)
            {
                request.UseChunkEncoding = false;
                if (request.Endpoint.Scheme == Uri.UriSchemeHttps)
                    request.DisablePayloadSigning = true;
                else
                    request.Headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"; // taken by the signer for a hash made beforehand
            }

            return base.InvokeAsync<T>(executionContext);
        }
    }
}

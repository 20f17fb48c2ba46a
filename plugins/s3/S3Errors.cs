using System.Globalization;
using System.Net;
using System.Xml;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using IntegrationHub.Adapters;

namespace IntegrationHub.Plugins.S3;

/// <summary>What the SDK throws, as the hub's errors. Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList.</summary>
internal static class S3Errors
{
    private static readonly Dictionary<string, ErrorCategory> Codes = new(StringComparer.Ordinal)
    {
        ["NoSuchKey"] = ErrorCategory.NotFound,
        ["NoSuchBucket"] = ErrorCategory.NotFound,
        ["NoSuchUpload"] = ErrorCategory.NotFound,
        ["NoSuchVersion"] = ErrorCategory.NotFound,
        ["NotFound"] = ErrorCategory.NotFound,
        ["AccessDenied"] = ErrorCategory.PermissionDenied,
        ["AllAccessDisabled"] = ErrorCategory.PermissionDenied,
        ["AccountProblem"] = ErrorCategory.PermissionDenied,
        ["InvalidAccessKeyId"] = ErrorCategory.Unauthenticated,
        ["SignatureDoesNotMatch"] = ErrorCategory.Unauthenticated,
        ["InvalidToken"] = ErrorCategory.Unauthenticated,
        ["ExpiredToken"] = ErrorCategory.Unauthenticated,
        ["RequestTimeTooSkewed"] = ErrorCategory.Unauthenticated,
        ["AuthorizationHeaderMalformed"] = ErrorCategory.Unauthenticated,
        ["SlowDown"] = ErrorCategory.RateLimited,
        ["RequestLimitExceeded"] = ErrorCategory.RateLimited,
        ["Throttling"] = ErrorCategory.RateLimited,
        ["TooManyRequests"] = ErrorCategory.RateLimited,
        ["BucketAlreadyExists"] = ErrorCategory.Conflict,
        ["OperationAborted"] = ErrorCategory.Conflict,
        ["PreconditionFailed"] = ErrorCategory.Conflict,
        ["InvalidObjectState"] = ErrorCategory.Conflict,
        ["RequestTimeout"] = ErrorCategory.Timeout,
        ["InternalError"] = ErrorCategory.Unavailable,
        ["ServiceUnavailable"] = ErrorCategory.Unavailable,
        ["EntityTooLarge"] = ErrorCategory.InvalidParams,
        ["InvalidArgument"] = ErrorCategory.InvalidParams,
        ["InvalidBucketName"] = ErrorCategory.InvalidParams,
        ["InvalidRange"] = ErrorCategory.InvalidParams,
        ["InvalidRequest"] = ErrorCategory.InvalidParams,
        ["KeyTooLongError"] = ErrorCategory.InvalidParams,
        ["MalformedXML"] = ErrorCategory.InvalidParams,
    };

    /// <summary>The error; <see langword="null"/> for what is no failure of the store (a bug, a cancellation).</summary>
    public static ProviderError? Map(Exception fault, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return null;

        if (fault is AmazonServiceException { StatusCode: not 0 } answered)
            return Answered(answered);

        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpRequestException network)
                return Network(network);

            if (cause is IOException)
                return new ProviderError { Category = ErrorCategory.Unavailable, Message = "The connection to the store broke.", OutcomeUnknown = true };

            // Not the caller's cancellation: the handler gave up connecting or waiting.
            if (cause is TimeoutException or OperationCanceledException)
                return new ProviderError { Category = ErrorCategory.Timeout, Message = "The store did not answer in time.", OutcomeUnknown = true };

            if (cause is XmlException or AmazonUnmarshallingException)
                return new ProviderError { Category = ErrorCategory.ProviderError, Message = "The store's answer cannot be read.", OutcomeUnknown = true };
        }

        return fault is AmazonClientException ? new ProviderError { Category = ErrorCategory.ProviderError, Message = fault.Message } : null;
    }

    private static ProviderError Answered(AmazonServiceException fault)
    {
        var category = fault.ErrorCode is { } code && Codes.TryGetValue(code, out var known) ? known : ByStatus(fault.StatusCode);
        return new ProviderError
        {
            Category = category,
            Message = string.IsNullOrWhiteSpace(fault.Message) ? $"The store answered {(int)fault.StatusCode}." : fault.Message,
            ProviderCode = string.IsNullOrEmpty(fault.ErrorCode) ? null : fault.ErrorCode,
            ProviderStatus = (int)fault.StatusCode,
            ProviderRequestId = fault.RequestId,
            RetryAfter = RetryAfter(fault),
        };
    }

    // Stores say it in whole seconds; Amazon seldom says it at all.
    private static TimeSpan? RetryAfter(AmazonServiceException fault) =>
        (fault.InnerException as HttpErrorResponseException)?.Response.GetHeaderValue("Retry-After") is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Min(seconds, 3600))
            : null;

    // HEAD answers have no body and therefore no code.
    private static ErrorCategory ByStatus(HttpStatusCode status) => (int)status switch
    {
        400 or 411 or 416 or 422 => ErrorCategory.InvalidParams,
        401 => ErrorCategory.Unauthenticated,
        403 => ErrorCategory.PermissionDenied,
        404 => ErrorCategory.NotFound,
        408 or 504 => ErrorCategory.Timeout,
        409 or 412 => ErrorCategory.Conflict,
        429 => ErrorCategory.RateLimited,
        >= 500 => ErrorCategory.Unavailable,
        _ => ErrorCategory.ProviderError,
    };

    private static ProviderError Network(HttpRequestException fault)
    {
        if (fault.Message.StartsWith("egress denied", StringComparison.Ordinal))
            return new ProviderError { Category = ErrorCategory.ProviderError, Message = fault.Message };

        var neverConnected = fault.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
        return new ProviderError
        {
            Category = ErrorCategory.Unavailable,
            Message = neverConnected ? "The store cannot be reached." : "The connection to the store broke.",
            OutcomeUnknown = !neverConnected,
        };
    }
}

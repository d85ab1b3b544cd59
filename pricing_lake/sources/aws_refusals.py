"""What AWS raises and answers, whichever service is asked, when somebody may not ask it. Explains nothing."""

from botocore import exceptions as aws

NO_CREDENTIALS = (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError)
NOT_ALLOWED = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
)
